//! Messages that nobody should have sent.

use evonas::executor::Nats;
use evonas::prelude::*;

use super::server::each_server;
use super::{count_ones, description, evolution, space, with_workers};

#[test]
fn messages_that_make_no_sense_do_no_harm() {
    each_server(|server| {
        with_workers(server, "strange", 2, count_ones, || {
            let executor = Nats::builder(&space(), server.at(), "strange")
                .describe_evaluator(description())
                .in_flight(3)
                .build()
                .unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let client = async_nats::connect(server.address()).await.unwrap();
                for subject in [
                    "started",
                    "returned",
                    "reported",
                    "judge",
                    "stop",
                    "task.0.1.0000000000000000",
                    "task.0.1.zz",
                    "task.x",
                    "result.0.1.0000000000000000",
                    "result.x",
                ] {
                    for payload in ["", "{", "null", r#"{"task":"0.1.00","worker":7}"#, "\u{0}"] {
                        let subject = format!("evonas.strange.{subject}");
                        client.publish(subject, payload.into()).await.unwrap();
                    }
                }
                client.flush().await.unwrap();
            });
            let search = Search::new(evolution(), executor, Budget::trials(30));
            let result = search.run().unwrap();
            assert_eq!(result.history.len(), 30);
            assert_eq!(result.history.failed(), 0);
        });
    });
}
