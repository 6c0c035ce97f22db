//! `CommandInterpreter`: runs the commands of one call, strictly in order.
//!
//= restatedev/e2e@70a79de:services/node-services/src/interpreter.ts

use crate::endpoint::sdk::{Mismatch, Progress, Sdk, Surroundings};
use crate::invocation::{Argument, Invocation, Method, Value};
use crate::journal::{Completion, NewEntry};
use crate::workload::{CallIndex, Command, Tree};
use kernel::identity::MILLIS;
use std::sync::Arc;

/// A handler of the interpreter, between two waits.
#[derive(Clone, Debug, Default)]
pub struct Interpreter {
    /// The command that it is at.
    position: u16,
    /// The entry that this command waits for.
    waits_for: Option<u32>,
    /// Call ids of the async calls so far, with their entries.
    calls: Vec<(u32, u32)>,
}

impl Interpreter {
    /// Index of the command that it is at.
    pub const fn position(&self) -> u16 {
        self.position
    }

    /// Runs on until it waits or ends.
    pub fn run(&mut self, invocation: &Invocation, sdk: &mut Sdk, around: Surroundings<'_>) -> Progress {
        let progress = match (&invocation.argument, invocation.method) {
            (Argument::Commands(tree, call), _) => self.commands(invocation, tree, *call, sdk, around),
            (Argument::Expected(expected), Method::Verify) => self.verify(*expected, sdk),
            (_, Method::Clear) => sdk.enter(NewEntry::SetState(None)).map(|_| Progress::Done(Value::Empty)),
            _ => Ok(Progress::Threw("unknown method".into())),
        };
        progress.unwrap_or_else(Progress::from)
    }

    fn commands(
        &mut self,
        invocation: &Invocation,
        tree: &Arc<Tree>,
        call: CallIndex,
        sdk: &mut Sdk,
        around: Surroundings<'_>,
    ) -> Result<Progress, Mismatch> {
        let commands = tree.commands(call);
        let job = invocation.key.job;
        while let Some(command) = commands.get(usize::from(self.position)) {
            let waits_for = match *command {
                Command::Increment => {
                    let index = self.entered(sdk, || NewEntry::GetState)?;
                    let Some(Completion::State(state)) = sdk.completion(index) else {
                        return Ok(Progress::WaitsFor(index));
                    };
                    // The gap between the two entries is where an update gets lost.
                    let next = state.unwrap_or(0) + 1;
                    sdk.enter(NewEntry::SetState(Some(next)))?;
                    None
                }
                Command::Sync { call } => {
                    Some(self.entered(sdk, || NewEntry::Invoke(around.call_of(job, tree, call, Method::Call)))?)
                }
                Command::Async { id, call } => {
                    let index = sdk.enter(NewEntry::Invoke(around.call_of(job, tree, call, Method::Call)))?;
                    self.calls.push((id, index));
                    None
                }
                Command::Await { id } => match self.calls.iter().rev().find(|(known, _)| *known == id) {
                    Some((_, index)) => Some(*index),
                    None => return Ok(Progress::Threw(format!("Unexpected command, {id} not found"))),
                },
                Command::Background { call } => {
                    sdk.enter(NewEntry::Background(around.call_of(job, tree, call, Method::BackgroundCall)))?;
                    None
                }
                Command::Sleep { ms } => {
                    Some(self.entered(sdk, || NewEntry::Sleep(around.wall + u64::from(ms) * MILLIS))?)
                }
            };
            if let Some(index) = waits_for {
                match sdk.completion(index) {
                    None => return Ok(Progress::WaitsFor(index)),
                    Some(Completion::Answer(Value::Failure(text))) => return Ok(Progress::Threw(text.to_string())),
                    Some(_) => {}
                }
            }
            self.waits_for = None;
            self.position += 1;
        }
        Ok(Progress::Done(Value::Empty))
    }

    fn verify(&mut self, expected: u32, sdk: &mut Sdk) -> Result<Progress, Mismatch> {
        let index = self.entered(sdk, || NewEntry::GetState)?;
        Ok(match sdk.completion(index) {
            Some(Completion::State(state)) => Progress::Done(Value::Counter { expected, actual: state.unwrap_or(0) }),
            _ => Progress::WaitsFor(index),
        })
    }

    /// The entry of the present command: made when the handler comes by for the first time.
    fn entered(&mut self, sdk: &mut Sdk, entry: impl FnOnce() -> NewEntry) -> Result<u32, Mismatch> {
        match self.waits_for {
            Some(index) => Ok(index),
            None => {
                let index = sdk.enter(entry())?;
                self.waits_for = Some(index);
                Ok(index)
            }
        }
    }
}
