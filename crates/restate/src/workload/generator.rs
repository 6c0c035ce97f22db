//! Draws the tree of a job from its parameters, under the rule of either side of the deadlock fix.
//!
//! Kept: every draw in upstream's order, the order of the sums behind the sleeps, the defaults of missing values.
//! Simplified: the list of held keys. Upstream copies it for every call, growing at both ends, `[c, b, a, a, b, c]`;
//! since it is its own mirror, one stack of held keys serves all calls, and a detached call starts a new segment.
//! Left out: nothing that the service could be asked for, except trees beyond the bounds below.

//= restatedev/e2e@70a79de:services/node-services/src/verifier.ts
//= restatedev/e2e@fe2d609:services/node-services/src/verifier.ts

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::builder::{BuildError, COMMANDS_PER_CALL_MAX, INVOCATIONS_MAX, TreeBuilder};
use super::prng::Seedrandom;
use super::tree::{CallIndex, Command, Params, Tree};

/// Free keys of the old rule.
const TARGET_MAX: u32 = 1024;
/// How far above its caller the new rule picks a key.
const TARGET_STEP_MAX: u32 = 32;
/// Upstream recurses as deep as it is asked to. A blocking chain of 1,024 calls would hold every key of the old rule
/// and search for a free one for ever.
pub const DEPTH_MAX: u32 = 1000;
const _: () = assert!(DEPTH_MAX + 1 < TARGET_MAX);

/// How a call that may block finds its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Any of 1,024 keys but those held by the own blocking chain; detached calls forget what is held. Two of them
    /// may take keys in opposite orders: the flaw. Until e2e@fe2d609 of 2023-06-15.
    FreeTargets,
    /// A key above the caller's, so that waiting only ever leads upwards. From e2e@fe2d609 on.
    IncreasingTargets,
}

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// The tree grew beyond a bound while it was drawn.
    #[error(transparent)]
    TooLarge(#[from] BuildError),
    /// A call could have more commands than an index can name.
    #[error("width {width} is above {limit}: upstream used 3 and 4")]
    TooWide {
        /// The width asked for.
        width: u32,
        /// The largest one.
        limit: u32,
    },
    /// The nesting is above [`DEPTH_MAX`].
    #[error("depth {depth} is above {limit}: upstream used 14")]
    TooDeep {
        /// The depth asked for.
        depth: u32,
        /// The largest one.
        limit: u32,
    },
}

/// The tree of a job.
///
/// # Errors
///
/// If the tree would be wider, deeper or larger than the bounds of this module.
pub fn generate(params: Params, rule: Rule) -> Result<Tree, GenerateError> {
    generate_counting_draws(params, rule).map(|(tree, _)| tree)
}

/// The tree of a job and how many random numbers it took.
///
/// # Errors
///
/// As [`generate`].
pub fn generate_counting_draws(params: Params, rule: Rule) -> Result<(Tree, u64), GenerateError> {
    let width_max = COMMANDS_PER_CALL_MAX as u32;
    if params.width > width_max {
        return Err(GenerateError::TooWide { width: params.width, limit: width_max });
    }
    if params.depth > DEPTH_MAX {
        return Err(GenerateError::TooDeep { depth: params.depth, limit: DEPTH_MAX });
    }
    let mut generator = Generator {
        random: Seedrandom::new(&params.seed),
        rule,
        width: params.width_effective(),
        builder: TreeBuilder::new(INVOCATIONS_MAX),
        open: Vec::with_capacity(params.depth as usize + 1),
        held: Vec::with_capacity(2 * params.depth as usize + 2),
        sleeps: Vec::new(),
    };
    let sleep_total = generator.draw(params.depth)?;
    let Generator { random, mut builder, sleeps, .. } = generator;

    // Once for all sleeps: multiplying before dividing gives other trees for 51 of 3,100 jobs.
    let factor = f64::from(params.max_sleep_ms_effective()) / sleep_total;
    for (place, fraction) in sleeps {
        builder.replace(place, Command::Sleep { ms: (fraction * factor) as u32 });
    }
    Ok((builder.finish(params), random.draws()))
}

/// A call whose commands are being drawn.
struct Open {
    call: CallIndex,
    target: i32,
    depth_left: u32,
    next: u16,
    count: u16,
    /// Where its blocking chain begins in `held`.
    chain: usize,
    /// Ids of async calls that may be awaited count from 0, those that must not be from the number of commands.
    next_free_id: u32,
    next_locked_id: u32,
    /// Sleep fractions in and below this call. Upstream adds up subtree by subtree; so do we, to the last bit.
    sleep: f64,
}

/// What the candidates make of their callee.
enum Kind {
    Sync,
    Async { id: u32 },
    Background,
}

struct Generator {
    random: Seedrandom,
    rule: Rule,
    width: u32,
    builder: TreeBuilder,
    open: Vec<Open>,
    held: Vec<i32>,
    /// Where each sleep goes, and its share before scaling.
    sleeps: Vec<(u32, f64)>,
}

impl Generator {
    /// Draws the whole tree; returns the sum of all sleep fractions.
    fn draw(&mut self, depth: u32) -> Result<f64, GenerateError> {
        let target = match self.rule {
            Rule::FreeTargets => self.random.random_int(TARGET_MAX) as i32,
            Rule::IncreasingTargets => 0,
        };
        self.begin(target, depth, None, 0)?;
        loop {
            let last = self.open.len() - 1;
            let open = &mut self.open[last];
            if open.next < open.count {
                open.next += 1;
                self.draw_command(last)?;
                continue;
            }
            let sleep = open.sleep;
            self.open.pop();
            self.held.pop();
            match self.open.last_mut() {
                Some(caller) => caller.sleep += sleep,
                None => return Ok(sleep),
            }
        }
    }

    /// Opens a call on `target`, whose blocking chain begins at `chain` of the held keys.
    fn begin(
        &mut self,
        target: i32,
        depth_left: u32,
        parent: Option<(CallIndex, u16)>,
        chain: usize,
    ) -> Result<CallIndex, GenerateError> {
        // The last layer increments without asking: the one command that a new slot holds anyway.
        let (count, drawn) = if depth_left == 0 {
            (1, 0)
        } else {
            let count = self.random.random_int(self.width - 1) + 1;
            (count, count as u16)
        };
        let call = self.builder.open(target, parent, count as usize)?;
        self.held.push(target);
        self.open.push(Open {
            call,
            target,
            depth_left,
            next: 0,
            count: drawn,
            chain,
            next_free_id: 0,
            next_locked_id: count,
            sleep: 0.0,
        });
        Ok(call)
    }

    /// Draws the command before `next` of the innermost open call. One that makes a call leaves the callee open.
    fn draw_command(&mut self, last: usize) -> Result<(), GenerateError> {
        let Open { call, next, next_free_id, next_locked_id, .. } = self.open[last];
        let index = next - 1;
        let may_await = next_free_id > 0;
        let choice = self.random.random_int(if may_await { 8 } else { 7 });
        // Without the await the later candidates stand one place further up.
        let choice = if choice > 3 && !may_await { choice + 1 } else { choice };
        match choice {
            0 => {
                self.builder.set(call, index, Command::Increment);
            }
            1 => self.draw_call(last, Kind::Sync, false)?,
            2 => {
                self.open[last].next_free_id += 1;
                self.draw_call(last, Kind::Async { id: next_free_id }, false)?;
            }
            3 => {
                self.open[last].next_locked_id += 1;
                self.draw_call(last, Kind::Async { id: next_locked_id }, true)?;
            }
            4 => {
                let id = self.random.random_int(next_free_id);
                self.builder.set(call, index, Command::Await { id });
            }
            5 => self.draw_call(last, Kind::Background, true)?,
            6 => self.draw_call(last, Kind::Background, false)?,
            _ => {
                let fraction = self.random.next_f64();
                let place = self.builder.set(call, index, Command::Sleep { ms: 0 });
                self.sleeps.push((place, fraction));
                self.open[last].sleep += fraction;
            }
        }
        Ok(())
    }

    fn draw_call(&mut self, last: usize, kind: Kind, locked: bool) -> Result<(), GenerateError> {
        let Open { call, target, depth_left, next, chain, .. } = self.open[last];
        let callee_target = if locked { self.locked_target(chain) } else { self.free_target(target, chain) };
        let may_block = !locked && !matches!(kind, Kind::Background);
        let chain = if may_block { chain } else { self.held.len() };
        let index = next - 1;
        let callee = self.begin(callee_target, depth_left - 1, Some((call, index)), chain)?;
        let command = match kind {
            Kind::Sync => Command::Sync { call: callee },
            Kind::Async { id } => Command::Async { id, call: callee },
            Kind::Background => Command::Background { call: callee },
        };
        self.builder.set(call, index, command);
        Ok(())
    }

    fn free_target(&mut self, target: i32, chain: usize) -> i32 {
        match self.rule {
            Rule::FreeTargets => loop {
                let drawn = self.random.random_int(TARGET_MAX) as i32;
                if !self.held[chain..].contains(&drawn) {
                    return drawn;
                }
            },
            Rule::IncreasingTargets => target + 1 + self.random.random_int(TARGET_STEP_MAX) as i32,
        }
    }

    /// An entry of upstream's list: the chain backwards, from the innermost key on, and then forwards.
    fn locked_target(&mut self, chain: usize) -> i32 {
        let held = &self.held[chain..];
        let drawn = self.random.random_int(2 * held.len() as u32) as usize;
        match drawn.checked_sub(held.len()) {
            Some(forwards) => held[forwards],
            None => held[held.len() - 1 - drawn],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(seed: &str, width: u32, depth: u32, max_sleep_ms: u32) -> Params {
        Params { seed: seed.into(), width, depth, max_sleep_ms }
    }

    fn text_and_draws(params: Params, rule: Rule) -> (String, u64) {
        let (tree, draws) = generate_counting_draws(params, rule).unwrap();
        (tree.canonical(), draws)
    }

    #[test]
    fn vector_1_is_drawn_by_the_old_rule() {
        let text = concat!(
            r#"[127,[["b",127,[["b",948,[["i"]]],["z",1000]]],"#,
            r#"["b",454,[["s",988,[["s",564,[["i"]]],["b",33,[["i"]]]]]]]]]"#
        );
        assert_eq!(text_and_draws(params("my-seed", 3, 3, 1000), Rule::FreeTargets), (text.into(), 21));
    }

    #[test]
    fn vector_2_is_drawn_by_the_new_rule_from_the_same_stream() {
        let text = r#"[0,[["b",0,[["b",23,[["a",0,27,[["i"]]],["z",1000]]],["b",15,[["s",46,[["i"]]]]]]]]]"#;
        assert_eq!(text_and_draws(params("my-seed", 3, 3, 1000), Rule::IncreasingTargets), (text.into(), 16));
    }

    #[test]
    fn vector_3_rejects_the_held_key_and_awaits() {
        let text = r#"[996,[["a",0,811,[["i"]]],["w",0]]]"#;
        assert_eq!(text_and_draws(params("r14262", 4, 3, 100), Rule::FreeTargets), (text.into(), 9));
    }

    #[test]
    fn sleeps_are_scaled_by_one_factor_so_a_lone_one_may_fall_short_by_a_millisecond() {
        let tree = generate(params("test-28112621", 4, 14, 0), Rule::IncreasingTargets).unwrap();

        let sleeps: Vec<_> = tree.all_commands().iter().filter(|c| matches!(c, Command::Sleep { .. })).collect();
        assert_eq!(sleeps, [&Command::Sleep { ms: 32_767 }]);
    }

    #[test]
    fn missing_width_and_sleep_take_their_defaults() {
        let missing = text_and_draws(params("test-28112572", 0, 14, 0), Rule::FreeTargets);
        assert_eq!(missing, text_and_draws(params("test-28112572", 1, 14, 32_768), Rule::FreeTargets));
    }

    #[test]
    fn hostile_parameters_are_refused_before_they_fill_memory() {
        let refused = |width, depth| generate(params("x", width, depth, 0), Rule::FreeTargets).unwrap_err();

        assert_eq!(refused(u32::MAX, 1), GenerateError::TooWide { width: u32::MAX, limit: 65_535 });
        assert_eq!(refused(3, 1001), GenerateError::TooDeep { depth: 1001, limit: 1000 });
        assert!(matches!(refused(65_535, 1000), GenerateError::TooLarge(_)));
        assert!(matches!(refused(50, 40), GenerateError::TooLarge(_)));
    }

    #[test]
    fn trees_far_deeper_than_any_job_are_drawn() {
        let levels = |tree: &Tree| {
            let calls = (0..tree.calls().len() as u32).map(|call| tree.path(CallIndex(call)));
            calls.map(|path| path.matches('.').count()).max()
        };
        let trees = (0..40).map(|n| generate(params(&format!("deep-{n}"), 3, 100, 0), Rule::FreeTargets).unwrap());

        assert_eq!(trees.filter_map(|tree| levels(&tree)).max(), Some(100));
    }
}
