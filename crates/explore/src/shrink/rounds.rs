//! Which parts are left out together, round by round.

/// One round over the parts of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// All at once.
    All,
    /// All whose names begin with the same word: all operations, all faults.
    Families,
    /// So many neighbours at a time.
    Neighbours(usize),
    /// Every two, neighbours or not.
    Pairs,
}

impl Round {
    /// The groups of this round from the `from`-th part (of families and pairs: group) on, each with the place to go on
    /// from once it is left out.
    pub fn groups(self, parts: &[String], from: usize) -> Box<dyn Iterator<Item = (usize, Vec<usize>)>> {
        let count = parts.len();
        match self {
            Round::All => Box::new((from == 0 && count > 0).then(|| (1, (0..count).collect())).into_iter()),
            Round::Families => Box::new(families(parts).into_iter().map(|group| (0, group))),
            Round::Neighbours(size) => {
                Box::new((from..count).step_by(size).map(move |at| (at, (at..count.min(at + size)).collect())))
            }
            Round::Pairs => {
                Box::new((0..count).flat_map(move |one| (one + 1..count).map(move |other| (0, vec![one, other]))))
            }
        }
    }
}

fn families(parts: &[String]) -> Vec<Vec<usize>> {
    let mut families: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let word = part.split(' ').next().unwrap_or("");
        match families.iter_mut().find(|(known, _)| *known == word) {
            Some((_, group)) => group.push(index),
            None => families.push((word, vec![index])),
        }
    }
    families.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(round: Round, from: usize) -> Vec<(usize, Vec<usize>)> {
        let parts = ["node 0", "fault a", "fault b", "node 1", "operation 1"].map(str::to_owned);
        round.groups(&parts, from).collect()
    }

    #[test]
    fn every_part_is_in_a_group_and_a_round_goes_on_where_something_was_left_out() {
        assert_eq!(groups(Round::All, 0), [(1, vec![0, 1, 2, 3, 4])]);
        assert_eq!(groups(Round::All, 1), []);
        assert_eq!(groups(Round::Families, 0), [(0, vec![0, 3]), (0, vec![1, 2]), (0, vec![4])]);
        assert_eq!(groups(Round::Neighbours(2), 0), [(0, vec![0, 1]), (2, vec![2, 3]), (4, vec![4])]);
        assert_eq!(groups(Round::Neighbours(2), 2), [(2, vec![2, 3]), (4, vec![4])]);
        assert_eq!(groups(Round::Neighbours(2), 5), []);
        assert_eq!(groups(Round::Pairs, 0).len(), 10);
        assert!(Round::All.groups(&[], 0).next().is_none());
    }
}
