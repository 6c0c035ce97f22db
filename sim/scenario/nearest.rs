//! The name somebody probably meant.

/// The candidate nearest to `word`, unless none is near enough to be what was meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let away = |candidate: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase());
    let near = |candidate: &str, away: usize| {
        let (shorter, longer) = (candidate.len().min(word.len()), candidate.len().max(word.len()));
        let begins = shorter >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
        away <= 1 || away * 3 <= longer || begins
    };
    let candidates = candidates.into_iter().map(|candidate| (away(candidate), candidate));
    candidates.filter(|&(away, candidate)| near(candidate, away)).min().map(|(_, candidate)| candidate)
}

/// Names that are told without cutting the list: those of a scenario's top level are as many.
const LISTED: usize = 20;

/// What to tell about a name that does not exist: the nearest, and all if they are few.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let near = nearest(word, candidates.clone());
    let all: Vec<&str> = candidates.into_iter().collect();
    let list = if all.len() <= LISTED { format!("valid here: {}", all.join(", ")) } else { String::new() };
    match near {
        Some(near) if list.is_empty() => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? ({list})"),
        None if list.is_empty() => format!("valid here, among others: {}", all[..LISTED].join(", ")),
        None => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let names = ["partitions", "endpoints", "p50"];

        assert_eq!(nearest("partitons", names), Some("partitions"));
        assert_eq!(nearest("Endpoint", names), Some("endpoints"));
        assert_eq!(nearest("p5", names), Some("p50"));
        assert_eq!(nearest("end", names), Some("endpoints"));
        assert_eq!(nearest("brokers", names), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn a_suggestion_shows_the_nearest_and_all() {
        assert_eq!(suggest("one", ["ones", "two"]), "did you mean `ones`? (valid here: ones, two)");
        assert_eq!(suggest("brokers", ["ones", "two"]), "valid here: ones, two");
        let many = ["name"; LISTED + 1];
        assert!(suggest("brokers", many).starts_with("valid here, among others: name, name"));
    }
}
