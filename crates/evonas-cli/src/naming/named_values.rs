//! Parsing a text among named values.

/// Values that an option takes by their names.
pub(super) struct NamedValues<T> {
    what: &'static str,
    named: Vec<(&'static str, T)>,
    same: fn(&str, &str) -> bool,
    numbered: Option<NumberedForm<T>>,
}

/// Further values, which hold a number.
struct NumberedForm<T> {
    form: &'static str,
    parse: fn(&str) -> Option<T>,
}

impl<T: Copy> NamedValues<T> {
    /// `what` says in a word or two what the values are, as in "unknown algorithm".
    pub(super) fn new(
        what: &'static str,
        named: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Self {
        Self {
            what,
            named: named.into_iter().collect(),
            same: |name, text| name == text,
            numbered: None,
        }
    }

    /// Accepts the names in upper and lower case.
    pub(super) fn ignoring_case(mut self) -> Self {
        self.same = str::eq_ignore_ascii_case;
        self
    }

    /// Accepts values with a number too; `form` describes them in the list of choices.
    pub(super) fn or_numbered(mut self, form: &'static str, parse: fn(&str) -> Option<T>) -> Self {
        self.numbered = Some(NumberedForm { form, parse });
        self
    }

    /// The value of this name.
    ///
    /// # Errors
    /// A list of the choices, if the text is none of them.
    pub(super) fn parse(&self, text: &str) -> Result<T, String> {
        let named = self.named.iter().find(|(name, _)| (self.same)(name, text));
        let numbered = || (self.numbered.as_ref()?.parse)(text);
        named
            .map(|&(_, value)| value)
            .or_else(numbered)
            .ok_or_else(|| {
                let names = self.named.iter().map(|&(name, _)| name);
                let forms = self.numbered.iter().map(|numbered| numbered.form);
                let choices: Vec<_> = names.chain(forms).collect();
                let (what, choices) = (self.what, choices.join(", "));
                format!("unknown {what} '{text}'; choose one of {choices}")
            })
    }
}

#[cfg(test)]
mod tests {
    use evonas::tabular::Metric;

    use super::*;

    #[test]
    fn unknown_names_are_refused_with_a_list_of_the_known_ones() {
        let metrics = NamedValues::new("metric", Metric::ALL.map(|metric| (metric.name(), metric)));
        for metric in Metric::ALL {
            assert_eq!(metrics.parse(metric.name()), Ok(metric));
        }
        assert_eq!(metrics.parse("val200"), Ok(Metric::Valid200));
        assert!(metrics.parse("VAL200").is_err());
        assert_eq!(
            metrics.parse("loss").unwrap_err(),
            "unknown metric 'loss'; choose one of val12, test12, val200, test200"
        );
    }

    #[test]
    fn case_is_ignored_on_request() {
        let switch = NamedValues::new("switch", [("on", true), ("off", false)]).ignoring_case();
        assert_eq!(switch.parse("On"), Ok(true));
        assert!(switch.parse("n").is_err());
    }

    #[test]
    fn values_with_a_number_are_listed_with_the_names() {
        let limit = NamedValues::new("limit", [("none", None)])
            .or_numbered("a number", |text| text.parse::<u8>().ok().map(Some));
        assert_eq!(limit.parse("none"), Ok(None));
        assert_eq!(limit.parse("7"), Ok(Some(7)));
        assert_eq!(
            limit.parse("seven").unwrap_err(),
            "unknown limit 'seven'; choose one of none, a number"
        );
    }
}
