//! Encryption, and the ways to be let in by a server.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use evonas::executor::Nats;
use evonas::nats::{NatsRun, NatsServer, NatsWorker};
use evonas::prelude::*;
use evonas::worker::WorkerSetup;
use nkeys::KeyPair;
use serde_json::{Value, json};

use super::server::{TestServer, programs};
use super::{count_ones, description, evolution, space};

/// A whole search by one worker, both of which reach the server in this way.
fn searches(server: &NatsServer) {
    std::thread::scope(|scope| {
        let worker = NatsWorker::new(server.clone(), "secured");
        scope.spawn(move || {
            let setup = WorkerSetup::new(space(), count_ones);
            let setup = setup.describe_evaluator(description());
            worker.serve(&setup).unwrap();
        });
        let executor = Nats::builder(&space(), server.clone(), "secured")
            .describe_evaluator(description())
            .build()
            .unwrap();
        let search = Search::new(evolution(), executor, Budget::trials(12));
        assert_eq!(search.run().unwrap().history.len(), 12);
    });
}

/// Why the server can't be used in this way.
fn refusal(server: NatsServer) -> String {
    let run = NatsRun::new(server, "secured").unwrap();
    run.status().unwrap_err().to_string()
}

/// Makes files with OpenSSL; false, loudly, without it.
fn openssl(folder: &Path, lines: &[&str]) -> bool {
    lines.iter().all(|line| {
        let made = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(folder)
            .stderr(Stdio::null())
            .status();
        match made {
            Ok(status) => {
                assert!(status.success(), "openssl {line}");
                true
            }
            Err(error) => {
                eprintln!("SKIPPED: openssl: {error}");
                false
            }
        }
    })
}

#[test]
fn a_connection_is_encrypted_and_a_certificate_lets_a_client_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost").unwrap();
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let request = format!("req -new {new} -subj /CN=evonas");
    let signed = "x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names";
    let made = openssl(
        folder.path(),
        &[
            &format!("req -x509 {new} -subj /CN=authority -days 2 -keyout ca.key -out ca.pem"),
            &format!("{request} -keyout server.key -out server.csr"),
            &format!("{signed} -in server.csr -out server.pem"),
            &format!("{request} -keyout client.key -out client.csr"),
            &format!("{signed} -in client.csr -out client.pem"),
        ],
    );
    if !made {
        return;
    }
    for program in programs() {
        let path = |name: &str| file(name).display().to_string();
        let tls = format!(
            "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}",
            path("server.pem"),
            path("server.key"),
            path("ca.pem"),
        );
        let mut server = TestServer::new(&program, "127.0.0.1", &tls);
        server.start();
        let trusting = server.at().root_certificates(file("ca.pem"));
        let certified =
            |server: NatsServer| server.client_certificate(file("client.pem"), file("client.key"));
        searches(&certified(trusting.clone()));
        // Nobody vouches for the client, or for the server.
        for refused in [trusting, certified(server.at())] {
            let reason = refusal(refused);
            assert!(reason.contains("can't be used"), "{reason}");
        }
    }
}

/// A claim of a name, signed by whoever gives it.
fn token(by: &KeyPair, of: &KeyPair, name: &str, what: Value) -> String {
    let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let header = encode(&json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let claim = encode(&json!({
        "jti": name, "iat": 1_700_000_000, "iss": by.public_key(), "name": name, "sub": of.public_key(), "nats": what,
    }));
    let signed = format!("{header}.{claim}");
    let signature = BASE64_URL_SAFE_NO_PAD.encode(by.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

#[test]
fn a_credentials_file_lets_a_client_in() {
    let folder = tempfile::tempdir().unwrap();
    let (operator, user) = (KeyPair::new_operator(), KeyPair::new_user());
    let (account, system) = (KeyPair::new_account(), KeyPair::new_account());
    let account_token = |keys: &KeyPair, name: &str, storage: i64| {
        let limits = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
            "leaf": -1, "mem_storage": storage, "disk_storage": storage, "streams": storage, "consumer": storage,
        });
        let what = json!({"type": "account", "version": 2, "limits": limits});
        token(&operator, keys, name, what)
    };
    let configuration = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload {{\n{}: {}\n{}: {}\n}}",
        token(
            &operator,
            &operator,
            "operator",
            json!({"type": "operator", "version": 2})
        ),
        system.public_key(),
        account.public_key(),
        account_token(&account, "searches", -1),
        system.public_key(),
        account_token(&system, "system", 0),
    );
    let credentials = |by: &KeyPair, name: &str| {
        let what = json!({"type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1});
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY \
             SEED-----\n{}\n------END USER NKEY SEED------\n",
            token(by, &user, "worker", what),
            user.seed().unwrap(),
        );
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let good = credentials(&account, "good.creds");
    let stranger = credentials(&KeyPair::new_account(), "stranger.creds");
    let broken = folder.path().join("broken.creds");
    fs::write(&broken, "nothing of use").unwrap();
    for program in programs() {
        let mut server = TestServer::new(&program, "127.0.0.1", &configuration);
        server.start();
        searches(&server.at().credentials_file(&good));
        for refused in [server.at(), server.at().credentials_file(&stranger)] {
            let reason = refusal(refused);
            assert!(reason.contains("it refuses these credentials"), "{reason}");
        }
        let reason = refusal(server.at().credentials_file(&broken));
        assert!(reason.contains("broken.creds: can't be read"), "{reason}");
    }
}

#[test]
fn a_user_and_a_password_or_a_token_may_be_part_of_the_address() {
    for program in programs() {
        let users = "authorization { user: \"ada\", password: \"hunt/er2\" }";
        let mut server = TestServer::new(&program, "127.0.0.1", users);
        server.start();
        let with =
            |who: &str| NatsServer::new(server.address().replace("://", &format!("://{who}@")));
        searches(&with("ada:hunt%2Fer2"));
        let reason = refusal(with("ada:hunter3"));
        assert!(reason.contains("it refuses these credentials"), "{reason}");
        assert!(!reason.contains("hunt"), "{reason}");
        let token = "authorization { token: \"hunter2\" }";
        let mut server = TestServer::new(&program, "127.0.0.1", token);
        server.start();
        searches(&NatsServer::new(
            server.address().replace("://", "://hunter2@"),
        ));
    }
}
