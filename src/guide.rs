//! Compiles and runs every Rust block of the guide (`docs/guide`) as a test.

macro_rules! chapters {
    ($($(#[$condition:meta])? $module:ident = $file:literal;)*) => {
        $(
            $(#[$condition])?
            #[doc = include_str!(concat!("../docs/guide/", $file))]
            mod $module {}
        )*
    };
}

chapters! {
    first_search = "first-search.md";
    own_space = "own-space.md";
    #[cfg(feature = "burn")] own_network = "own-network.md";
    #[cfg(feature = "burn")] own_task = "own-task.md";
    own_algorithm = "own-algorithm.md";
    ask_and_tell = "ask-and-tell.md";
    objectives = "objectives.md";
    #[cfg(feature = "burn")] multi_fidelity = "multi-fidelity.md";
    #[cfg(unix)] long_runs = "long-runs.md";
    #[cfg(all(unix, feature = "nats"))] many_machines = "many-machines.md";
    #[cfg(feature = "burn")] gpus = "gpus.md";
    #[cfg(feature = "burn")] taking_it_out = "taking-it-out.md";
    #[cfg(unix)] faq = "faq.md";
    #[cfg(feature = "burn")] coming_from = "coming-from.md";
}
