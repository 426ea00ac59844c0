//! How to reach a NATS server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::AccountErrorKind;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;

use super::error::NatsError;
use crate::input::{open_file, open_stream, read_text};

/// The most bytes of a token or of credentials, which have a few thousand at most.
const MOST_SECRET_BYTES: u64 = 1 << 16;

/// How long the first connection may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one answer of the server may take.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause between two attempts to connect again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(2);

/// A NATS server, and how to be let in.
///
/// ```
/// use evonas::nats::NatsServer;
///
/// let server = NatsServer::new("tls://nats.example.org:4222")
///     .credentials_file("worker.creds")
///     .root_certificates("ca.pem");
/// assert_eq!(format!("{server}"), "tls://nats.example.org:4222");
/// ```
///
/// Neither `Debug` nor `Display`, an error nor a journal shows a password, a token or a key.
#[derive(Clone)]
pub struct NatsServer {
    address: String,
    credentials: Option<PathBuf>,
    token: Option<String>,
    /// A user and password; without a password, a token.
    user: Option<(String, Option<String>)>,
    token_file: Option<PathBuf>,
    root_certificates: Option<PathBuf>,
    client_certificate: Option<(PathBuf, PathBuf)>,
}

impl NatsServer {
    /// The server with this address, such as `nats://localhost:4222`, or `tls://…` to insist on TLS. Several addresses
    /// of one cluster are separated by commas. A user and password, or a token, may be part of an
    /// address (`nats://user:password@host`, `nats://token@host`), percent-encoded.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            credentials: None,
            token: None,
            user: None,
            token_file: None,
            root_certificates: None,
            client_certificate: None,
        }
    }

    /// Authenticates with a credentials file, which has a user's JWT and seed.
    #[must_use]
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = Some(path.into());
        self
    }

    /// Authenticates with a token.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Authenticates with a user and password. Those in the address come first.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), Some(password.into())));
        self
    }

    /// Whether the address has a user, a password or a token, which is then seen wherever the address is.
    #[must_use]
    pub fn has_secret_in_address(&self) -> bool {
        self.address.contains('@')
    }

    /// Authenticates with the token that is the content of a file, white space around it left out.
    #[must_use]
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_file = Some(path.into());
        self
    }

    /// Trusts the authorities in a PEM file too, beside those of the system, and insists on TLS.
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.root_certificates = Some(path.into());
        self
    }

    /// Authenticates with a certificate and its key, both PEM files, and insists on TLS.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.client_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// The addresses in this text.
    fn addresses(&self, text: &str) -> Result<Vec<ServerAddr>, NatsError> {
        let addresses = text.split(',').map(|address| address.trim().parse());
        addresses.collect::<Result<_, _>>().map_err(|_| {
            self.unusable("the address isn't one, such as nats://localhost:4222".to_owned())
        })
    }

    fn unusable(&self, reason: String) -> NatsError {
        let server = self.to_string();
        NatsError::Connection { server, reason }
    }

    /// Connects. A connection that is lost later is made again for as long as it takes.
    pub(crate) async fn connect(&self, name: &str) -> Result<Connection, NatsError> {
        let connects = Arc::new(AtomicU64::new(0));
        let counted = connects.clone();
        let mut options = ConnectOptions::new()
            .name(name)
            .connection_timeout(CONNECTION_TIMEOUT)
            .request_timeout(Some(ANSWER_TIMEOUT))
            .ping_interval(Duration::from_secs(10))
            .reconnect_delay_callback(|attempts| {
                let exponent = attempts.min(6) as u32;
                RECONNECT_PAUSE.min(Duration::from_millis(20 << exponent))
            })
            .event_callback(move |event| {
                if matches!(event, Event::Connected) {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                tracing::debug!("connection to NATS: {event}");
                std::future::ready(())
            });
        if let Some(path) = &self.credentials {
            options = options
                .credentials(&read_secret(path)?)
                .map_err(unreadable(path))?;
        }
        if let Some(path) = &self.token_file {
            options = options.token(read_secret(path)?.trim().to_owned());
        }
        if let Some(token) = &self.token {
            options = options.token(token.clone());
        }
        // The client reads them, whatever they are.
        let identity = self
            .client_certificate
            .iter()
            .flat_map(|(certificate, key)| [certificate, key]);
        for path in self.root_certificates.iter().chain(identity) {
            open_file(path).map_err(unreadable(path))?;
        }
        if let Some(path) = &self.root_certificates {
            options = options
                .add_root_certificates(path.clone())
                .require_tls(true);
        }
        if let Some((certificate, key)) = &self.client_certificate {
            options = options
                .add_client_certificate(certificate.clone(), key.clone())
                .require_tls(true);
        }
        // The client doesn't use a user in an address, and may log it.
        let addresses = self.addresses(&self.to_string())?;
        let user = self.addresses(&self.address)?.iter().find_map(user_of);
        if let Some((user, password)) = user.or_else(|| self.user.clone()) {
            options = match password {
                Some(password) => options.user_and_password(user, password),
                None => options.token(user),
            };
        }
        let connected = options.connect(addresses).await;
        let client = connected.map_err(|error| self.unusable(reason(&error)))?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ANSWER_TIMEOUT);
        if let Err(error) = jetstream.query_account().await {
            match error.kind() {
                AccountErrorKind::JetStreamUnavailable => {
                    return Err(NatsError::NoJetStream {
                        server: self.to_string(),
                    });
                }
                // The answer of a server 2.9 is an older one, which the client doesn't understand.
                AccountErrorKind::Other => {}
                _ => {
                    return Err(NatsError::refused("say what JetStream offers")(
                        error.into(),
                    ));
                }
            }
        }
        Ok(Connection {
            client,
            jetstream,
            connects,
        })
    }
}

/// A connection to a server.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    connects: Arc<AtomicU64>,
}

impl Connection {
    /// Whether the server is connected now.
    pub(crate) fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// How often it was made: it changes when it was lost meanwhile.
    pub(crate) fn connects(&self) -> u64 {
        self.connects.load(Ordering::Relaxed)
    }
}

/// The user of an address, and the password; a user without one is a token.
fn user_of(address: &ServerAddr) -> Option<(String, Option<String>)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((
        decoded(address.username()?),
        address.password().map(decoded),
    ))
}

fn read_secret(path: &Path) -> Result<String, NatsError> {
    // Through a pipe too, as of a program that keeps secrets.
    let text = open_stream(path).and_then(|file| read_text(file, MOST_SECRET_BYTES));
    text.map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> NatsError {
    let path = path.to_owned();
    |source| NatsError::Secret { path, source }
}

fn reason(error: &async_nats::ConnectError) -> String {
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            "it refuses these credentials".to_owned()
        }
        ConnectErrorKind::TimedOut => {
            format!("no answer within {} s", CONNECTION_TIMEOUT.as_secs())
        }
        _ => error.to_string(),
    }
}

/// The addresses, without users and passwords.
impl fmt::Display for NatsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, address) in self.address.split(',').map(str::trim).enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            let (scheme, rest) = address.split_once("://").unwrap_or(("nats", address));
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            write!(f, "{scheme}://{host}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for NatsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsServer")
            .field("address", &format_args!("{self}"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let server = NatsServer::new("nats://ada:secret@one:4222, two:4222,tls://secret@three")
            .token("secret")
            .user("ada", "secret")
            .credentials_file("user.creds");
        assert_eq!(
            server.to_string(),
            "nats://one:4222,nats://two:4222,tls://three"
        );
        assert!(!format!("{server:?}").contains("secret"));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_no_secret_and_no_certificate() {
        let refused = |server: NatsServer| {
            let connecting = async move { server.connect("test").await.map(drop) };
            super::super::runtime::block_on(connecting)
                .unwrap_err()
                .to_string()
        };
        let server = || NatsServer::new("nats://127.0.0.1:9");
        for server in [
            server().token_file("/dev/zero"),
            server().credentials_file("/dev/zero"),
            server().root_certificates("/dev/zero"),
        ] {
            let expected = "/dev/zero: can't be read: it is a device, not a file";
            assert_eq!(refused(server), expected);
        }
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, "x".repeat(1 << 20)).unwrap();
        let error = refused(server().token_file(token));
        assert!(error.contains("it has more than 65536 bytes"), "{error}");
    }

    #[test]
    fn a_server_that_is_not_there_is_a_clear_sentence() {
        // Nothing listens at the discard port.
        let connecting = async {
            NatsServer::new("nats://ada:secret@127.0.0.1:9")
                .connect("test")
                .await
                .map(drop)
        };
        let error = super::super::runtime::block_on(connecting)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("the NATS server nats://127.0.0.1:9 can't be used: "),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }
}
