//! Resources: what is read of them, what upstream rejects in its words, what is beyond the model with its line.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which the lint does not know as tests")]

use proptest::prelude::*;
use relapse_zeebe::bpmn::{BpmnError, Definitions, Kind, Process, Start, Timer, decode, digest, encode};
use relapse_zeebe::exported::LogFile;
use relapse_zeebe::protocol::{ElementType, Value};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests");
const SAX: &str = "SAXException while parsing input stream";

fn file(path: &str) -> Vec<u8> {
    std::fs::read(format!("{TESTS}/{path}")).unwrap()
}

fn process(text: &[u8]) -> Process {
    Definitions::read(text).unwrap().processes.remove(0)
}

/// Definitions of this content, which begins on line 2.
fn definitions(content: &str) -> String {
    format!(
        "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:z='http://camunda.org/schema/zeebe/1.0' \
         xmlns:o='http://example.org' targetNamespace='t'>\n{content}\n</definitions>"
    )
}

/// A process of these elements behind a start event, which begin on line 4.
fn with(elements: &str) -> String {
    definitions(&format!("<process id='p' isExecutable='true'>\n<startEvent id='start'/>\n{elements}\n</process>"))
}

fn message(text: &str) -> String {
    match Definitions::read(text.as_bytes()) {
        Err(BpmnError::Invalid { message, .. }) => message,
        other => panic!("{other:?} of {text}"),
    }
}

fn beyond(text: &str) -> (usize, String, String) {
    match Definitions::read(text.as_bytes()) {
        Err(BpmnError::Unsupported { element, line, construct }) => (line, element, construct),
        other => panic!("{other:?} of {text}"),
    }
}

/// The elements that a token passes from the none start event on, if each leads to one other.
fn way(process: &Process) -> Vec<&str> {
    let mut element = process.none_start_event();
    let mut way = Vec::new();
    while let Some(current) = element {
        way.push(&*current.id);
        element = match current.kind {
            Kind::SequenceFlow(flow) => Some(process.target(flow)),
            _ => process.outgoing(current).next(),
        };
    }
    way
}

#[test]
fn the_recorded_processes_are_read() {
    let two = process(&file("golden/zeebe/bpmn/two.bpmn"));
    assert_eq!((&*two.id, two.executable, two.elements().len()), ("two", true, 8));
    assert_eq!(way(&two), ["start", "f1", "task1", "f2", "task2", "f3", "end"]);
    let Kind::ServiceTask(task) = &two.element("task2").unwrap().kind else { panic!("no task") };
    assert_eq!((&*task.job_type, task.retries, task.headers.is_empty()), ("two-task2", 3, true));
    assert_eq!(two.element("two").unwrap().kind, Kind::Process);
    assert!(two.element("three").is_none());
    for name in ["one", "other"] {
        let process = process(&file(&format!("golden/zeebe/bpmn/{name}.bpmn")));
        assert_eq!((&*process.id, way(&process)), (name, vec!["start", "f1", "task", "f2", "end"]));
    }
}

#[test]
fn the_process_of_the_benchmark_is_read() {
    let process = process(&file("fixtures/zeebe/benchmark.bpmn"));
    assert_eq!(&*process.id, "benchmark");
    assert_eq!(way(&process), ["start", "SequenceFlow_0xll35j", "task", "SequenceFlow_1wkb5x5", "end"]);
    let Kind::ServiceTask(task) = &process.element("task").unwrap().kind else { panic!("no task") };
    assert_eq!((&*task.job_type, task.retries), ("benchmark-task", 3));
}

#[test]
fn resources_of_a_log_are_the_files_that_were_deployed() {
    let log = LogFile::read("log", &file("golden/zeebe/quiet/log-1.jsonl")).unwrap();
    let mut resources = 0;
    for record in &log.records {
        let Value::Deployment(deployment) = &record.value else { continue };
        for resource in &deployment.resources {
            let bytes = decode(&resource.resource).unwrap();
            assert_eq!(bytes, file(&format!("golden/zeebe/bpmn/{}", resource.resource_name)));
            assert_eq!(encode(&bytes), &*resource.resource);
            assert_eq!(Definitions::read(&bytes).unwrap().processes.len(), 1);
            resources += 1;
        }
    }
    assert!(resources > 5, "{resources}");
    assert!(matches!(decode("no base64!"), Err(BpmnError::NoBase64 { .. })));
}

#[test]
fn a_digest_is_the_md5_of_the_bytes() {
    let hex: String = digest(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "900150983cd24fb0d6963f7d28e17f72");
}

#[test]
fn elements_stand_in_the_documents_order_and_flows_back_to_front() {
    let text = with(
        "<endEvent id='a'/><endEvent id='b'/><sequenceFlow id='to_a' sourceRef='start' targetRef='a'/>\
         <sequenceFlow id='to_b' sourceRef='start' targetRef='b'/>",
    );
    let process = process(text.as_bytes());
    let ids: Vec<_> = process.elements().iter().map(|element| &*element.id).collect();
    assert_eq!(ids, ["p", "start", "a", "b", "to_a", "to_b"]);
    let start = process.none_start_event().unwrap();
    assert_eq!(process.outgoing(start).map(|flow| &*flow.id).collect::<Vec<_>>(), ["to_b", "to_a"]);
    let end = process.element("b").unwrap();
    assert_eq!(process.incoming(end).map(|flow| &*flow.id).collect::<Vec<_>>(), ["to_b"]);
    let Kind::SequenceFlow(flow) = process.element("to_b").unwrap().kind else { panic!("no flow") };
    assert_eq!((&*process.source(flow).id, &*process.target(flow).id), ("start", "b"));
    assert_eq!(end.element_type(), ElementType::EndEvent);
}

#[test]
fn timers_messages_and_headers_are_read() {
    let text = definitions(
        "<message id='m' name='go'/><process id='p' isExecutable='true'><startEvent id='s1'/>\
         <startEvent id='s2'><messageEventDefinition messageRef='m'/></startEvent>\
         <startEvent id='s3'><timerEventDefinition><timeCycle>R2/PT1M</timeCycle></timerEventDefinition></startEvent>\
         <intermediateCatchEvent id='wait'><timerEventDefinition><timeDuration> PT5S </timeDuration></timerEventDefinition>\
         </intermediateCatchEvent><intermediateCatchEvent id='until'><timerEventDefinition>\
         <timeDate>1970-01-01T00:00:01Z</timeDate></timerEventDefinition></intermediateCatchEvent>\
         <serviceTask id='task'><extensionElements><z:taskDefinition type='t' retries='7'/><z:taskHeaders>\
         <z:header key='b' value='1'/><z:header key='a' value='x\"y'/><z:header key='' value='3'/></z:taskHeaders><o:any/>\
         </extensionElements></serviceTask></process>",
    );
    let process = process(text.as_bytes());
    let kind = |id: &str| process.element(id).unwrap().kind.clone();
    assert_eq!(process.start_events().map(|start| &*start.id).collect::<Vec<_>>(), ["s3", "s2", "s1"]);
    assert_eq!(kind("s2"), Kind::StartEvent(Start::Message("go".into())));
    assert_eq!(kind("s3"), Kind::StartEvent(Start::Timer(Timer::Cycle { repetitions: 2, interval: 60_000 })));
    assert_eq!(kind("wait"), Kind::TimerCatchEvent(Timer::Duration(5_000)));
    assert_eq!(kind("until"), Kind::TimerCatchEvent(Timer::Date(1_000)));
    let Kind::ServiceTask(task) = kind("task") else { panic!("no task") };
    assert_eq!((&*task.job_type, task.retries), ("t", 7));
    assert_eq!(serde_json::to_string(&task.headers).unwrap(), r#"{"b":"1","a":"x\"y"}"#);
}

#[test]
fn what_the_parser_or_the_schema_refuses_is_one_text() {
    let flow = |ends: &str| with(&format!("<endEvent id='end'/><sequenceFlow id='f' {ends}/>"));
    for text in [
        "not a workflow".to_owned(),
        "<definitions targetNamespace='t'/>".to_owned(),
        definitions("").replace("targetNamespace", "o:x"),
        with("<endEvent id='start'/>"),
        with("<endEvent id='p'/>"),
        with("<endEvent id='1'/>"),
        with("<endEvent id='a b'/>"),
        with("<endEvent id='end' color='red'/>"),
        with("<endEvent id='end'>text</endEvent>"),
        with("<endEvent id='end'><incoming>f</incoming><documentation/></endEvent>"),
        with("<serviceTask id='task'><z:taskDefinition type='t'/></serviceTask>"),
        with("").replace("'true'", "'yes'"),
        flow("sourceRef='start' targetRef='nowhere'"),
        flow("sourceRef='start'"),
    ] {
        assert_eq!(message(&text), SAX, "{text}");
    }
}

#[test]
fn what_upstream_rejects_is_told_in_its_words() {
    let task = "- Element: task > extensionElements > taskDefinition\n    - ERROR: ";
    let timer = |timer: &str| {
        with(&format!(
            "<intermediateCatchEvent id='wait'><timerEventDefinition>{timer}</timerEventDefinition></intermediateCatchEvent>"
        ))
    };
    let service = |content: &str| {
        with(&format!("<serviceTask id='task'><extensionElements>{content}</extensionElements></serviceTask>"))
    };
    for (text, expected) in [
        (definitions(""), "- Element: definitions\n    - ERROR: Must contain at least one executable process\n".to_owned()),
        (definitions("<process id='p' isExecutable='true'/>"), "- Element: p\n    - ERROR: Must have at least one start event\n".to_owned()),
        (with("<startEvent id='s2'/>"), "- Element: p\n    - ERROR: Multiple none start events are not allowed\n".to_owned()),
        (with("<userTask id='u'/>"), "- Element: u\n    - ERROR: Elements of this type are not supported\n".to_owned()),
        (with("<serviceTask id='task'/>"), "- Element: task\n    - ERROR: Must have exactly one 'zeebe:taskDefinition' extension element\n".to_owned()),
        (service("<z:taskDefinition type=''/>"), format!("{task}Task type must be present and not empty\n")),
        (service("<z:taskDefinition/>"), format!("{task}Task type must be present and not empty\n{task}Expected expression but not found.\n")),
        (with("<endEvent id='end'><outgoing>gone</outgoing></endEvent>"), "Unable to find a model element instance for id gone".to_owned()),
        (
            with("<endEvent id='end'><outgoing>f</outgoing></endEvent><sequenceFlow id='f' sourceRef='end' targetRef='end'/>"),
            "- Element: end\n    - ERROR: End events must not have outgoing sequence flows to other elements.\n".to_owned(),
        ),
        (
            with("<endEvent id='end'><terminateEventDefinition/></endEvent>"),
            "- Element: end\n    - ERROR: End events must be one of: none or error\n- Element: end > terminateEventDefinition\n    \
             - ERROR: Event definition of this type is not supported\n".to_owned(),
        ),
        (timer("<timeDuration>soon</timeDuration>"), "- Element: wait\n    - ERROR: Invalid timer duration expression (Invalid duration format 'soon' for expression 'soon')\n".to_owned()),
        (
            timer("<timeDate>5</timeDate>"),
            "- Element: wait\n    - ERROR: Invalid timer date expression (Expected result of the expression '5' to be one of \
             '[DATE_TIME, STRING]', but was 'NUMBER')\n".to_owned(),
        ),
        (
            timer(""),
            "- Element: wait\n    - ERROR: Intermediate timer catch event must have either a time duration or a time date.\n\
             - Element: wait > timerEventDefinition\n    - ERROR: Must be exactly one type of timer: timeDuration, timeDate or timeCycle\n".to_owned(),
        ),
        (with("<intermediateCatchEvent id='wait'/>"), "- Element: wait\n    - ERROR: Must have exactly one event definition\n".to_owned()),
    ] {
        assert_eq!(message(&text), expected, "{text}");
    }
}

#[test]
fn the_name_of_a_start_message_must_be_a_text_and_its_own() {
    let start = |id: &str| format!("<startEvent id='{id}'><messageEventDefinition messageRef='m'/></startEvent>");
    let text = |name: &str, starts: &str| {
        definitions(&format!("<message id='m' {name}/><process id='p' isExecutable='true'>{starts}</process>"))
    };
    assert_eq!(
        message(&text("name=''", &start("s"))),
        "- Element: m\n    - ERROR: Name must be present and not empty\n"
    );
    assert_eq!(message(&text("", &start("s"))), "expression must not be null");
    assert_eq!(
        message(&text("name='5'", &start("s"))),
        "- Element: s\n    - ERROR: Expected constant expression of type String for message name '5', but was NUMBER\n"
    );
    assert_eq!(
        message(&text("name='go'", &(start("s") + &start("t")))),
        "- Element: m\n    - ERROR: A message cannot be referred by more than one start event\n"
    );
}

#[test]
fn what_is_beyond_the_model_is_named_with_its_element_and_line() {
    let service =
        |content: &str| format!("<serviceTask id='x'><extensionElements>\n{content}</extensionElements></serviceTask>");
    let task = |attributes: &str| service(&format!("<z:taskDefinition {attributes}/>"));
    let catch = |definition: &str| format!("<intermediateCatchEvent id='x'>\n{definition}</intermediateCatchEvent>");
    let wait = |part: &str| catch(&format!("<timerEventDefinition>{part}</timerEventDefinition>"));
    for (elements, line, construct) in [
        ("<exclusiveGateway id='x'/>".to_owned(), 4, "`exclusiveGateway`"),
        ("\n<parallelGateway id='x'/>".to_owned(), 5, "`parallelGateway`"),
        (
            "<sequenceFlow id='f' sourceRef='start' targetRef='x'/>\n<exclusiveGateway id='x'/>".to_owned(),
            5,
            "`exclusiveGateway`",
        ),
        (
            "<serviceTask id='t' default='f'/>\n<sequenceFlow id='f' sourceRef='t' targetRef='y'/>\n<subProcess id='x'>\
             <startEvent id='y'/></subProcess>"
                .to_owned(),
            6,
            "`subProcess`",
        ),
        ("<eventBasedGateway id='x'/>".to_owned(), 4, "`eventBasedGateway`"),
        ("<subProcess id='x'/>".to_owned(), 4, "`subProcess`"),
        ("<callActivity id='x'/>".to_owned(), 4, "`callActivity`"),
        ("<boundaryEvent id='x'/>".to_owned(), 4, "`boundaryEvent`"),
        ("<receiveTask id='x'/>".to_owned(), 4, "`receiveTask`"),
        ("<dataObject id='x'/>".to_owned(), 4, "`dataObject`"),
        (
            "<serviceTask id='x'>\n<multiInstanceLoopCharacteristics/></serviceTask>".to_owned(),
            5,
            "`multiInstanceLoopCharacteristics` in a `serviceTask`",
        ),
        (service("<z:ioMapping/>"), 5, "`zeebe:ioMapping` here"),
        (task("type='=x'"), 5, "an expression in a `zeebe:taskDefinition`"),
        (task("type='5'"), 5, "a number as a job's type"),
        (task("type='t' retries='many'"), 5, "`retries` that are no whole number of 32 bits"),
        (task("type='t' worker='w'"), 5, "the attribute `worker` of `zeebe:taskDefinition`"),
        (task("z:type='t'"), 5, "the attribute `type` of `zeebe:taskDefinition`"),
        ("<endEvent id='x'>\n<errorEventDefinition/></endEvent>".to_owned(), 5, "an error event"),
        (
            catch("<messageEventDefinition messageRef='m'/>"),
            5,
            "waiting for a message, whose correlation key is an expression",
        ),
        (wait("<timeDuration>=x</timeDuration>"), 5, "an expression as a timer"),
        (wait("<timeDuration>P1M</timeDuration>"), 5, "a timer of months or years"),
        (wait("<timeDate>2020-01-01T00:00Z[UTC]</timeDate>"), 5, "a zone by name"),
        ("<serviceTask id='x' default='start'/>".to_owned(), 4, "the attribute `default`"),
        (
            "<endEvent id='x'>\n<outgoing>start</outgoing></endEvent>".to_owned(),
            5,
            "an outgoing `start` that is no sequence flow of the process",
        ),
        (
            "<sequenceFlow id='x' sourceRef='start' targetRef='start'>\n<conditionExpression/></sequenceFlow>"
                .to_owned(),
            5,
            "a condition of a sequence flow",
        ),
        (
            "<sequenceFlow id='x' sourceRef='start' targetRef='p'/>".to_owned(),
            4,
            "a `targetRef` that is no modelled element of the same process",
        ),
    ] {
        assert_eq!(beyond(&with(&elements)), (line, "x".to_owned(), construct.to_owned()));
    }
}

#[test]
fn definitions_beyond_the_model_are_named_too() {
    let line = |content: &str| beyond(&definitions(content));
    assert_eq!(line("<process isExecutable='true'/>"), (2, "definitions".into(), "a process without an id".into()));
    assert_eq!(line("\n<process id='p'/>"), (3, "p".into(), "a process without `isExecutable`".into()));
    assert_eq!(line("<message id='m' name='=x'/>"), (2, "m".into(), "an expression as a message's name".into()));
    assert_eq!(line("<globalTask id='g'/>"), (2, "g".into(), "`globalTask` in the definitions".into()));
    let (_, element, construct) =
        beyond(&with("<startEvent id='s'><messageEventDefinition messageRef='m'/></startEvent>"));
    assert_eq!((&*element, &*construct), ("s", "a message start event without a message"));
    let error = Definitions::read(with("<subProcess id='x'/>").as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "line 4, element `x`: `subProcess` is beyond the model; use a process without, or leave out the log"
    );
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,200}") {
        prop_assert!(Definitions::read(&bytes).is_err());
        prop_assert!(Definitions::read(text.as_bytes()).is_err());
        let _ = Definitions::read(with(&text).as_bytes());
        let _ = decode(&text);
    }

    #[test]
    fn a_timer_of_garbage_never_panics(text in "[PTRYMWDHS0-9+.,:/Z\\[\\]-]{0,30}|\\PC{0,20}") {
        for part in ["timeDuration", "timeDate", "timeCycle"] {
            let text = text.replace(['<', '&'], "");
            let timer = format!("<timerEventDefinition><{part}>{text}</{part}></timerEventDefinition>");
            let _ = Definitions::read(with(&format!("<startEvent id='s'>{timer}</startEvent>")).as_bytes());
        }
    }

    #[test]
    fn a_damaged_process_is_read_or_refused(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = file("fixtures/zeebe/benchmark.bpmn");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Err(error) = Definitions::read(&bytes) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
