//! `CommandVerifier`: executes the tree of a job, verifies and clears its counters.
//!
//= restatedev/e2e@70a79de:services/node-services/src/verifier.ts
//!
//! The tree is generated here, by the rule of the image that runs, at every call: a redeployment in the middle of
//! a job meets a key whose "started" flag was set for another tree.

use crate::endpoint::sdk::{Mismatch, Progress, Sdk, Surroundings};
use crate::invocation::{Argument, Invocation, Method, Value};
use crate::journal::{Completion, NewEntry};
use crate::workload::{CallIndex, GenerateError, Rule, Tree, expected_counters};
use std::sync::Arc;

/// A handler of the verifier, between two waits.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    tree: Option<Arc<Tree>>,
    /// Expected counters, in the order of the requests.
    expected: Vec<(i32, u32)>,
    /// The entry of the first request, or the one that it waits for.
    first: Option<u32>,
    /// "started" has been read.
    started: Option<u32>,
    /// How many arrived completions it has looked at.
    seen: usize,
}

impl Verifier {
    /// Runs on until it waits or ends.
    pub fn run(&mut self, invocation: &Invocation, rule: Rule, sdk: &mut Sdk, around: Surroundings<'_>) -> Progress {
        let tree = match self.tree(rule, around) {
            Ok(tree) => tree,
            Err(error) => return Progress::Threw(error.to_string()),
        };
        let progress = match invocation.method {
            Method::Execute => self.execute(invocation, &tree, sdk, around),
            Method::VerifyAll => self.verify(invocation, sdk, around),
            Method::ClearAll => self.clear(invocation, sdk, around),
            Method::Inspect => Ok(Progress::Done(Value::Tree(tree))),
            _ => Ok(Progress::Threw("unknown method".into())),
        };
        progress.unwrap_or_else(Progress::from)
    }

    fn tree(&mut self, rule: Rule, around: Surroundings<'_>) -> Result<Arc<Tree>, GenerateError> {
        if let Some(tree) = &self.tree {
            return Ok(tree.clone());
        }
        let tree = around.job.tree(rule)?;
        self.expected = expected_counters(&tree);
        Ok(self.tree.insert(tree).clone())
    }

    fn execute(
        &mut self,
        invocation: &Invocation,
        tree: &Arc<Tree>,
        sdk: &mut Sdk,
        around: Surroundings<'_>,
    ) -> Result<Progress, Mismatch> {
        let started = match self.started {
            Some(index) => index,
            None => *self.started.insert(sdk.enter(NewEntry::GetState)?),
        };
        match sdk.completion(started) {
            None => return Ok(Progress::WaitsFor(started)),
            Some(Completion::State(Some(_))) => return Ok(Progress::Done(Value::Empty)),
            Some(_) => {}
        }
        let root = match self.first {
            Some(index) => index,
            None => {
                sdk.enter(NewEntry::SetState(Some(1)))?;
                let call = around.call_of(invocation.key.job, tree, CallIndex::ROOT, Method::Call);
                *self.first.insert(sdk.enter(NewEntry::Invoke(call))?)
            }
        };
        Ok(match sdk.completion(root) {
            None => Progress::WaitsFor(root),
            Some(Completion::Answer(Value::Failure(text))) => Progress::Threw(text.to_string()),
            Some(_) => Progress::Done(Value::Empty),
        })
    }

    /// All requests at once; the first answer that does not fit decides, in the order of arrival.
    fn verify(
        &mut self,
        invocation: &Invocation,
        sdk: &mut Sdk,
        around: Surroundings<'_>,
    ) -> Result<Progress, Mismatch> {
        let job = invocation.key.job;
        let (first, last) = self.request_all(0, sdk, |(target, expected)| {
            around.call(job, target, Method::Verify, Argument::Expected(expected))
        })?;
        while let Some(index) = sdk.arrived().get(self.seen).copied() {
            self.seen += 1;
            let Some((target, sent)) = index.checked_sub(first).and_then(|place| self.expected.get(place as usize))
            else {
                continue;
            };
            match sdk.completion(index) {
                Some(Completion::Answer(Value::Counter { expected, .. })) if expected != sent => {
                    let text = format!("Incorrect value back for expected: sent {sent}, received {expected}");
                    return Ok(Progress::Threw(text));
                }
                Some(Completion::Answer(Value::Counter { actual, .. })) if actual != sent => {
                    let text = format!("Incorrect value for target {target}: expected {sent}, got {actual}");
                    return Ok(Progress::Threw(text));
                }
                Some(Completion::Answer(Value::Failure(text))) => return Ok(Progress::Threw(text.to_string())),
                _ => {}
            }
        }
        if (first..=last).all(|index| sdk.completion(index).is_some()) {
            return Ok(Progress::Done(Value::Counters(self.expected.as_slice().into())));
        }
        Ok(Progress::WaitsForAll(first, last))
    }

    fn clear(
        &mut self,
        invocation: &Invocation,
        sdk: &mut Sdk,
        around: Surroundings<'_>,
    ) -> Result<Progress, Mismatch> {
        let job = invocation.key.job;
        if self.started.is_none() {
            self.started = Some(sdk.enter(NewEntry::SetState(None))?);
        }
        let clear = |(target, _)| around.call(job, target, Method::Clear, Argument::None);
        let (first, last) = self.request_all(1, sdk, clear)?;
        if (first..=last).all(|index| sdk.completion(index).is_some()) {
            let keys: Vec<i32> = self.expected.iter().map(|(target, _)| *target).collect();
            return Ok(Progress::Done(Value::Keys(keys.into())));
        }
        Ok(Progress::WaitsForAll(first, last))
    }

    /// Makes one request for every key with an expected counter, the first time; the range of their entries, which is
    /// empty (first after last) when there is none.
    fn request_all(
        &mut self,
        entries_before: u32,
        sdk: &mut Sdk,
        request: impl Fn((i32, u32)) -> crate::invocation::Call,
    ) -> Result<(u32, u32), Mismatch> {
        let first = entries_before + 1;
        if self.first.is_none() {
            self.first = Some(first);
            for expected in &self.expected {
                sdk.enter(NewEntry::Invoke(request(*expected)))?;
            }
        }
        Ok((first, entries_before + self.expected.len() as u32))
    }
}
