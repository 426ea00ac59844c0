//! How to be let in by a NATS server.

use std::env;
use std::path::PathBuf;

use clap::Args;
use evonas::nats::{NatsRun, NatsServer, NatsWorker};

use crate::Failure;

const SECRET_IN_ADDRESS: &str = "the address has a user or a token, and every user of this machine can read a command \
     line: leave it out, and set EVONAS_NATS_USER and EVONAS_NATS_PASSWORD, or EVONAS_NATS_TOKEN";

// No doc comment: clap would take it for a command's.
#[derive(Args, Debug)]
pub(crate) struct RunOptions {
    /// The address of the NATS server, for example nats://host:4222
    #[arg(long, value_name = "URL", required = true)]
    nats: String,
    /// The name of the run on the server
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) run: String,
    #[command(flatten)]
    server: ServerOptions,
}

impl RunOptions {
    /// The run, to look at it.
    pub(crate) fn open(&self) -> Result<NatsRun, Failure> {
        Ok(NatsRun::new(self.server.server(&self.nats)?, &self.run)?)
    }

    /// A worker of the run.
    pub(crate) fn worker(&self) -> Result<NatsWorker, Failure> {
        Ok(NatsWorker::new(self.server.server(&self.nats)?, &self.run))
    }
}

// No doc comment: clap would take it for a command's.
#[derive(Args, Debug)]
pub(crate) struct ServerOptions {
    /// Authenticate at the NATS server with this credentials file [default: $EVONAS_NATS_CREDENTIALS, if it is set]
    #[arg(long, value_name = "FILE", requires = "nats")]
    nats_credentials: Option<PathBuf>,
    /// Authenticate with the token in this file [default: $EVONAS_NATS_TOKEN_FILE, the token $EVONAS_NATS_TOKEN, or the
    /// user $EVONAS_NATS_USER with $EVONAS_NATS_PASSWORD]
    #[arg(
        long,
        value_name = "FILE",
        requires = "nats",
        conflicts_with = "nats_credentials"
    )]
    nats_token_file: Option<PathBuf>,
    /// Use TLS, and trust the authorities in this PEM file [default: $EVONAS_NATS_CA; with tls:// those of the system]
    #[arg(long, value_name = "FILE", requires = "nats")]
    nats_ca: Option<PathBuf>,
    /// Authenticate with this certificate, a PEM file [default: $EVONAS_NATS_CERTIFICATE, if it is set]
    #[arg(long, value_name = "FILE", requires = "nats", requires = "nats_key")]
    nats_certificate: Option<PathBuf>,
    /// The key of the certificate, a PEM file [default: $EVONAS_NATS_KEY, if it is set]
    #[arg(
        long,
        value_name = "FILE",
        requires = "nats",
        requires = "nats_certificate"
    )]
    nats_key: Option<PathBuf>,
}

impl ServerOptions {
    /// The server at an address.
    pub(crate) fn server(&self, address: &str) -> Result<NatsServer, Failure> {
        let file = |option: &Option<PathBuf>, variable: &str| {
            let from_environment = || env::var_os(variable).map(PathBuf::from);
            option.clone().or_else(from_environment)
        };
        let mut server = NatsServer::new(address);
        if server.has_secret_in_address() {
            return Err(SECRET_IN_ADDRESS.into());
        }
        if let Some(path) = file(&self.nats_credentials, "EVONAS_NATS_CREDENTIALS") {
            server = server.credentials_file(path);
        }
        if let Some(path) = file(&self.nats_token_file, "EVONAS_NATS_TOKEN_FILE") {
            server = server.token_file(path);
        } else if let Ok(token) = env::var("EVONAS_NATS_TOKEN") {
            server = server.token(token);
        } else if let (Ok(user), Ok(password)) = (
            env::var("EVONAS_NATS_USER"),
            env::var("EVONAS_NATS_PASSWORD"),
        ) {
            server = server.user(user, password);
        }
        if let Some(path) = file(&self.nats_ca, "EVONAS_NATS_CA") {
            server = server.root_certificates(path);
        }
        if let (Some(certificate), Some(key)) = (
            file(&self.nats_certificate, "EVONAS_NATS_CERTIFICATE"),
            file(&self.nats_key, "EVONAS_NATS_KEY"),
        ) {
            server = server.client_certificate(certificate, key);
        }
        Ok(server)
    }
}
