//! What an engine executes: processes, their elements, and what leads where.

use super::timer::Timer;
use crate::protocol::{Document, ElementType, Text};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// What a resource defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definitions {
    /// Its processes in the document's order: the order in which a deployment draws their keys.
    pub processes: Vec<Process>,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// What clients call it.
    pub id: Text,
    /// Whether a deployment deploys it; if not, upstream checks it only.
    pub executable: bool,
    /// First the process itself, then its elements in the document's order.
    elements: Vec<Element>,
    by_id: HashMap<Text, usize, FxBuildHasher>,
    /// In the order in which upstream has them: see `Element::outgoing`.
    start_events: Vec<usize>,
}

/// An element of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Unique in its resource.
    pub id: Text,
    /// What it is, with what belongs to that.
    pub kind: Kind,
    /// The flows that it has to take, in the order in which upstream takes them.
    outgoing: Vec<usize>,
    /// The flows that lead to it.
    incoming: Vec<usize>,
}

/// What an element is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The process itself.
    Process,
    /// Where an instance starts.
    StartEvent(Start),
    /// Where a token ends.
    EndEvent,
    /// Work for a job worker.
    ServiceTask(Task),
    /// Waiting for a timer.
    TimerCatchEvent(Timer),
    /// From an element to the next.
    SequenceFlow(Flow),
}

/// What starts an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A client.
    None,
    /// The clock.
    Timer(Timer),
    /// A message of this name.
    Message(Text),
}

/// What a service task's job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its type.
    pub job_type: Text,
    /// How often it may fail.
    pub retries: i32,
    /// Its custom headers: strings in the document's order.
    pub headers: Document,
}

/// The ends of a sequence flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    source: usize,
    target: usize,
}

impl Process {
    /// Puts a process together. Flows name their ends by id; `elements` has them all, and the ids are unique.
    pub(super) fn new(id: Text, executable: bool, elements: Vec<(Text, Draft)>) -> Self {
        let itself = (id.clone(), Draft::Kind(Kind::Process));
        let drafts: Vec<_> = std::iter::once(itself).chain(elements).collect();
        let by_id: HashMap<Text, usize, FxBuildHasher> =
            drafts.iter().enumerate().map(|(index, (id, _))| (id.clone(), index)).collect();
        let mut elements: Vec<Element> = Vec::with_capacity(drafts.len());
        for (id, draft) in drafts {
            let kind = match draft {
                Draft::Kind(kind) => kind,
                Draft::Flow { source, target } => {
                    Kind::SequenceFlow(Flow { source: by_id[&source], target: by_id[&target] })
                }
            };
            elements.push(Element { id, kind, outgoing: Vec::new(), incoming: Vec::new() });
        }
        let mut start_events = Vec::new();
        // Upstream walks the document depth first and takes the last child first, so its lists are back to front.
        //= camunda/zeebe@0.24.4:bpmn-model/src/main/java/io/zeebe/model/bpmn/traversal/ModelWalker.java (walk)
        for index in (0..elements.len()).rev() {
            match elements[index].kind {
                Kind::StartEvent(_) => start_events.push(index),
                Kind::SequenceFlow(Flow { source, target }) => {
                    elements[source].outgoing.push(index);
                    elements[target].incoming.push(index);
                }
                _ => {}
            }
        }
        Process { id, executable, elements, by_id, start_events }
    }

    /// The element of this id; the process itself has its own.
    #[must_use]
    pub fn element(&self, id: &str) -> Option<&Element> {
        self.by_id.get(id).map(|index| &self.elements[*index])
    }

    /// The process itself, then its elements in the document's order.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Its start events, in the order in which upstream has them.
    pub fn start_events(&self) -> impl Iterator<Item = &Element> {
        self.start_events.iter().map(|index| &self.elements[*index])
    }

    /// Where instances start that clients create. There is at most one.
    #[must_use]
    pub fn none_start_event(&self) -> Option<&Element> {
        self.start_events().find(|element| element.kind == Kind::StartEvent(Start::None))
    }

    /// Whether a message can start an instance.
    #[must_use]
    pub fn has_message_start(&self) -> bool {
        self.start_events().any(|element| matches!(element.kind, Kind::StartEvent(Start::Message(_))))
    }

    /// Whether a message or the clock can.
    #[must_use]
    pub fn has_event_start(&self) -> bool {
        self.start_events().any(|element| element.kind != Kind::StartEvent(Start::None))
    }

    /// The flows out of an element of this process, in the order in which upstream takes them: that of their definitions
    /// in the document, back to front.
    pub fn outgoing<'a>(&'a self, element: &'a Element) -> impl Iterator<Item = &'a Element> {
        element.outgoing.iter().map(|index| &self.elements[*index])
    }

    /// The flows into an element of this process, in the same order.
    pub fn incoming<'a>(&'a self, element: &'a Element) -> impl Iterator<Item = &'a Element> {
        element.incoming.iter().map(|index| &self.elements[*index])
    }

    /// Where a flow of this process comes from.
    #[must_use]
    pub fn source(&self, flow: Flow) -> &Element {
        &self.elements[flow.source]
    }

    /// Where a flow of this process leads to.
    #[must_use]
    pub fn target(&self, flow: Flow) -> &Element {
        &self.elements[flow.target]
    }
}

impl Element {
    /// What records call it.
    ///
    //= camunda/zeebe@0.24.4:protocol/src/main/java/io/zeebe/protocol/record/value/BpmnElementType.java
    #[must_use]
    pub const fn element_type(&self) -> ElementType {
        match self.kind {
            Kind::Process => ElementType::Process,
            Kind::StartEvent(_) => ElementType::StartEvent,
            Kind::EndEvent => ElementType::EndEvent,
            Kind::ServiceTask(_) => ElementType::ServiceTask,
            Kind::TimerCatchEvent(_) => ElementType::IntermediateCatchEvent,
            Kind::SequenceFlow(_) => ElementType::SequenceFlow,
        }
    }
}

/// An element whose flows are not yet linked.
pub(super) enum Draft {
    Kind(Kind),
    Flow { source: Text, target: Text },
}
