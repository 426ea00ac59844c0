//! What a page tells.

use std::fs;
use std::path::Path;

use evonas::report::{Page, PageError, PageRun};
use evonas::search::journal::{self, JournalError};
use evonas::spaces::nasnet::NasnetGenotype;

use super::runs;

fn page(folder: &Path) -> String {
    Page::new()
        .run(PageRun::read(folder).unwrap())
        .html()
        .unwrap()
}

/// The text of a page without its tags.
fn text(html: &str) -> String {
    let body = html.split_once("<main").unwrap().1;
    let body = body.split_once("<script>").unwrap().0;
    let mut text = String::new();
    for part in body.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    text
}

/// A panel of a page with one run.
fn panel<'a>(html: &'a str, id: &str) -> &'a str {
    let begin = html.find(&format!("<section id=\"r1-{id}\"")).unwrap();
    let panel = &html[begin..];
    &panel[..panel.find("</section>").unwrap()]
}

#[test]
fn every_panel_of_a_search_over_cells_is_there_with_its_numbers_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("cells");
    runs::cells(&run, 3, 20, 400, 4);
    let recorded = journal::read::<NasnetGenotype>(&run).unwrap();
    let best = recorded.history.best().unwrap();
    let html = page(&run);

    let summary = text(&format!("<main>{}<script>", panel(&html, "summary")));
    let fitness = format!("{:.4}", best.fitness().unwrap());
    assert!(summary.contains(fitness.trim_end_matches('0')), "{summary}");
    assert!(summary.contains("400 trials"), "{summary}");
    let failed = format!("{} failed", recorded.history.failed());
    assert!(summary.contains(&failed), "{summary}");
    for (id, words) in [
        ("progress", "best so far"),
        ("population", "the median member had a fitness of"),
        ("sizes", "on the Pareto front of fitness and multiply-adds"),
        ("decisions", "among the fittest"),
        ("learning", "ended with"),
        ("workers", "4 workers in"),
        ("outcomes", "the loss is NaN after 3 steps"),
        ("duplicates", "which would have taken"),
        ("lineage", "becomes"),
        ("best", "evonas-cell"),
        ("trials", "<th scope=\"col\">parameters</th>"),
        ("settings", "replacement.type"),
    ] {
        assert!(panel(&html, id).contains(words), "{id}: {words}");
    }
    // Every image says what it shows, and text says it too.
    let images = html.matches("<svg").count();
    assert!(images > 15, "{images}");
    assert_eq!(html.matches("role=\"img\" aria-label=\"").count(), images);
    assert_eq!(html.matches("aria-label=\"\"").count(), 0);
    let best_row = format!("<tr><td class=\"n\">{}</td>", best.id);
    assert!(panel(&html, "trials").contains(&best_row));
}

#[test]
fn a_page_needs_nothing_from_elsewhere_and_is_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    runs::cells(folder.path(), 0, 10, 60, 2);
    let html = page(folder.path());
    assert_eq!(html, page(folder.path()));
    for outside in [
        "http://", "https://", "src=", "@import", "url(", "<link", "<img",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("default-src 'none'"));
    let made = Page::new()
        .title("A title")
        .refresh(std::time::Duration::from_millis(1500))
        .made_at(std::time::Duration::from_secs(1_795_967_341))
        .run(PageRun::read(folder.path()).unwrap())
        .html()
        .unwrap();
    for part in [
        "<title>A title - evonas</title>",
        "http-equiv=\"refresh\" content=\"2\"",
        "made 2026-11-29 15:49:01 UTC",
    ] {
        assert!(made.contains(part), "{part}");
    }
}

#[test]
fn a_search_of_any_space_and_with_objectives_is_told_in_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("choices"), folder.path().join("bits"));
    runs::choices(&first, 150);
    runs::bits(&second, 1, 100);
    let html = page(&first);
    assert!(panel(&html, "trials").contains("optimizer = "));
    assert!(panel(&html, "decisions").contains("Learning rate"));
    assert!(panel(&html, "sizes").contains("The search&#39;s objectives are fitness, flops."));
    assert!(panel(&html, "learning").contains("reported no values"));
    let html = page(&second);
    assert!(panel(&html, "population").contains("no population"));
    assert!(panel(&html, "sizes").contains("no figures besides the fitness"));
    assert!(panel(&html, "lineage").contains("a genotype without a parent"));
}

#[test]
fn of_a_promotion_only_full_evaluations_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("promoted");
    runs::promoted(&run, 300);
    let recorded = journal::read::<Vec<bool>>(&run).unwrap();
    let best = recorded.history.best().unwrap();
    assert!(best.fidelity.is_full());
    let html = page(&run);
    let told = |id: &str| text(&format!("<main>{}<script>", panel(&html, id)));
    let full = recorded.history.comparable().count();
    let summary = told("summary");
    assert!(summary.contains("Promotion of Evolution (aging), population 20"));
    assert!(
        summary.contains(&format!("evaluated in full  {full} trials")),
        "{summary}"
    );
    let progress = told("progress");
    let highest = format!("is that of trial {}, the", best.id);
    assert!(progress.contains(&highest), "{progress}");
    assert!(progress.contains("evaluated in part are left out"));
    assert!(told("population").contains("or evaluated in part"));
    let trials = panel(&html, "trials");
    for cell in [
        "<th scope=\"col\">fidelity</th><th scope=\"col\">continues</th>".to_owned(),
        "<td>epochs 9</td>".to_owned(),
        format!(
            "<td>full</td><td class=\"n\">{}</td>",
            best.continues.unwrap()
        ),
    ] {
        assert!(trials.contains(&cell), "{cell}");
    }
    let others = folder.path().join("bits");
    runs::bits(&others, 1, 100);
    assert!(!panel(&page(&others), "trials").contains("fidelity"));
}

#[test]
fn a_running_a_copied_and_a_damaged_run_are_shown_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    runs::cells(&run, 1, 10, 100, 4);
    runs::cut(&run, 120);
    let lines = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let unfinished = lines.matches("{\"ask\":").count() - lines.matches("{\"tell\":").count();
    assert!(unfinished > 1);
    let html = page(&run);
    let told = format!("{unfinished} trials were begun and not finished");
    assert!(panel(&html, "learning").contains(&told));
    assert_eq!(
        fs::read_dir(&run).unwrap().count(),
        1,
        "nothing is written there"
    );

    let copy = folder.path().join("run copied");
    fs::create_dir(&copy).unwrap();
    fs::copy(run.join("journal.jsonl"), copy.join("journal.jsonl")).unwrap();
    let of_copy = PageRun::read(&copy).unwrap().name("run");
    assert_eq!(Page::new().run(of_copy).html().unwrap(), html);

    let damaged = lines.replacen("\"status\":\"completed\"", "\"status\":\"complete!\"", 1);
    fs::write(copy.join("journal.jsonl"), damaged).unwrap();
    let read = PageRun::read(&copy).unwrap();
    assert!(read.finished() < 100 && read.finished() + read.unfinished() > 0);
    let html = Page::new().run(read).html().unwrap();
    assert!(
        panel(&html, "summary").contains("This page shows what the journal recorded before this")
    );
    assert_eq!(fs::read_dir(&copy).unwrap().count(), 1);
}

#[test]
fn a_search_without_a_finished_trial_has_a_page_too() {
    let folder = tempfile::tempdir().unwrap();
    runs::cells(folder.path(), 1, 10, 20, 4);
    for lines in [1, 2] {
        runs::cut(folder.path(), 3 - lines);
        let html = page(folder.path());
        assert!(text(&html).contains("no trial has a fitness"));
        assert!(panel(&html, "trials").contains("No trial has finished yet."));
    }
}

#[test]
fn what_holds_no_search_is_refused_by_a_typed_error() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = PageRun::read(folder.path()).unwrap_err();
    assert!(
        matches!(nothing, PageError::Journal(JournalError::Record(_))),
        "{nothing}"
    );
    fs::write(folder.path().join("journal.jsonl"), "").unwrap();
    let empty = PageRun::read(folder.path()).unwrap_err();
    assert!(
        matches!(empty, PageError::Journal(JournalError::Empty(_))),
        "{empty}"
    );
    fs::write(
        folder.path().join("journal.jsonl"),
        "{\"journal\":\"others\"}\n",
    )
    .unwrap();
    assert!(PageRun::read(folder.path()).is_err());
    assert!(matches!(Page::new().html(), Err(PageError::NoRuns)));
    runs::bits(&folder.path().join("bits"), 0, 5);
    let page = Page::new().run(PageRun::read(folder.path().join("bits")).unwrap());
    let error = page.write(folder.path()).unwrap_err();
    assert!(matches!(error, PageError::Write { .. }), "{error}");
}

#[test]
fn runs_that_differ_in_nothing_but_their_seed_are_a_group_with_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let mut page = Page::new();
    for (population, seed) in [
        (10, 0),
        (10, 1),
        (10, 2),
        (10, 3),
        (40, 0),
        (40, 1),
        (40, 2),
        (40, 3),
    ] {
        let run = folder.path().join(format!("p{population}-{seed}"));
        runs::cells(&run, seed, population, 60 + 10 * seed, 2);
        page = page.run(PageRun::read(&run).unwrap());
    }
    let html = page.html().unwrap();
    let begin = html.find("<section id=\"comparison\"").unwrap();
    let comparison = &html[begin..begin + html[begin..].find("</section>").unwrap()];
    for words in [
        "8 runs in 2 groups",
        "compared by the best fitness after 60 trials",
        "first in algorithm.population: 10 there, 40 here",
        "p (Mann-Whitney U)",
        "p10-3",
    ] {
        assert!(comparison.contains(words), "{words}");
    }
    assert!(!comparison.contains("fewer than four runs"));
    // Each run's own panels follow, in less room.
    assert_eq!(html.matches("<details class=\"run\"").count(), 8);
    assert!(html.contains("id=\"r8-lineage\""));
    assert!(html.len() < 1 << 20, "{}", html.len());
}
