//! `--nats`: a search whose workers are elsewhere.

#[cfg(all(unix, feature = "nats"))]
mod enabled {
    use clap::Args;
    use evonas::executor::Nats;
    use evonas::prelude::*;
    use evonas::spaces::nasnet::NasnetGenotype;

    use super::super::task::Task;
    use crate::Failure;
    use crate::naming::ServerOptions;

    // No doc comment: clap would take it for a command's.
    #[derive(Args, Debug)]
    pub(crate) struct CoordinatorOptions {
        /// Have the trials evaluated by the workers of a run on the NATS server at this address, for example
        /// nats://host:4222 (evonas worker). --workers is then the number of trials in flight [default: this process
        /// evaluates]
        #[arg(long, value_name = "URL", requires = "run")]
        pub(super) nats: Option<String>,
        /// The name of the run on the server: letters, digits, - and _ [default: none]
        #[arg(long, value_name = "NAME", requires = "nats")]
        pub(super) run: Option<String>,
        #[command(flatten)]
        pub(super) server: ServerOptions,
    }

    impl CoordinatorOptions {
        pub(in crate::search) fn is_given(&self) -> bool {
            self.nats.is_some()
        }

        /// The name of the run, if there is one.
        pub(in crate::search) fn run(&self) -> Option<&str> {
            self.run.as_deref()
        }
    }

    impl Task<'_> {
        /// The coordinator of a run.
        pub(in crate::search) fn coordinator(
            &self,
            run: &str,
            stop: &StopSignal,
        ) -> Result<Nats<NasnetGenotype>, Failure> {
            let options = &self.options.nats;
            let address = options.nats.as_deref().unwrap_or_default();
            let server = options.server.server(address)?;
            let builder = Nats::builder(&self.options.evaluation.space.space(), server, run);
            let built = builder
                .in_flight(self.workers)
                .describe_evaluator(self.evaluation.describe_for_workers())
                .stop_signal(stop)
                .build();
            Ok(built?)
        }
    }
}

#[cfg(not(all(unix, feature = "nats")))]
mod enabled {
    use std::convert::Infallible;

    use clap::Args;

    // Without the feature there is no option.
    #[derive(Args, Debug)]
    pub(crate) struct CoordinatorOptions {}

    impl CoordinatorOptions {
        pub(in crate::search) const fn is_given(&self) -> bool {
            false
        }

        pub(in crate::search) const fn run(&self) -> Option<&Infallible> {
            None
        }
    }
}

pub(crate) use enabled::CoordinatorOptions;
