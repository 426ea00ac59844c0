//! Foreign text in a page stays text.

use evonas::prelude::*;
use evonas::report::{Page, PageRun};
use serde_json::json;

const EVIL: &str =
    "</script></title><script>alert(1)</script><img src=x onerror=\"alert('2')\">\u{1b}[2J\u{202e}";

#[test]
fn names_messages_metrics_and_genotypes_cannot_act() {
    let space = Choices::builder()
        .decision(EVIL, ["a", EVIL])
        .decision("plain", ["x", "y", "z"])
        .build()
        .unwrap();
    let score = |_: &Decisions, context: &Context<'_>| match context.trial().0 % 4 {
        3 => Err(EvaluationError::failed(EVIL)),
        _ => Ok(Evaluation::new(context.trial().0 as f64).with_metric(EVIL, 3.0)),
    };
    let evolution = Evolution::builder(space.clone(), space)
        .population(5)
        .sample(2)
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    Search::new(evolution, Serial::new(score), Budget::trials(40))
        .journal(
            Journal::create(folder.path())
                .unwrap()
                .evaluator(json!({EVIL: EVIL})),
        )
        .run()
        .unwrap();
    let run = || {
        PageRun::read(folder.path())
            .unwrap()
            .name(EVIL)
            .command(EVIL, EVIL)
            .settings(EVIL, &json!({EVIL: [EVIL]}))
    };
    for page in [
        Page::new().title(EVIL).run(run()),
        Page::new().run(run()),
        Page::new().run(run()).run(run()),
    ] {
        let html = page.html().unwrap();
        assert_eq!(html.matches("<script").count(), 1, "only the page's own");
        assert_eq!(html.matches("</script").count(), 1);
        assert_eq!(html.matches("</title").count(), 1);
        assert!(!html.contains("<img") && !html.contains('\u{1b}') && !html.contains('\u{202e}'));
        // No quotation mark ended an attribute.
        assert!(!html.contains("onerror=\""));
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
}

#[test]
fn extreme_numbers_have_a_page() {
    let values = [1e300, -1e300, 1e-300, 0.0, -0.0, f64::MAX, f64::MIN, 1.0];
    let score = move |_: &Vec<bool>, context: &Context<'_>| {
        let value = values[context.trial().0 as usize % values.len()];
        context.report(u64::MAX, value);
        Ok(Evaluation::new(value)
            .with_metric("parameters", -value)
            .with_cost(1e15))
    };
    let folder = tempfile::tempdir().unwrap();
    let random = RandomSearch::new(BitsSpace { length: 4 }, 0);
    Search::new(
        random,
        Simulated::new(score, 2).unwrap(),
        Budget::trials(16),
    )
    .journal(Journal::create(folder.path()).unwrap())
    .run()
    .unwrap();
    let html = Page::new()
        .run(PageRun::read(folder.path()).unwrap())
        .html()
        .unwrap();
    let (shown, _script) = html.split_once("<script>").unwrap();
    assert!(!shown.contains("NaN") && !shown.contains("inf\""));
}

#[test]
fn long_texts_are_cut() {
    let long = "x".repeat(200_000);
    let message = long.clone();
    let score = move |_: &Vec<bool>, context: &Context<'_>| match context.trial().0 % 2 {
        0 => Err(EvaluationError::failed(format!(
            "{}{message}",
            context.trial()
        ))),
        _ => Ok(Evaluation::new(1.0).with_metric(message.clone(), 2.0)),
    };
    let folder = tempfile::tempdir().unwrap();
    let random = RandomSearch::new(BitsSpace { length: 5000 }, 0);
    Search::new(random, Serial::new(score), Budget::trials(60))
        .journal(
            Journal::create(folder.path())
                .unwrap()
                .evaluator(json!({long.clone(): long})),
        )
        .run()
        .unwrap();
    let html = Page::new()
        .run(PageRun::read(folder.path()).unwrap())
        .html()
        .unwrap();
    assert!(html.len() < 1 << 20, "{}", html.len());
}
