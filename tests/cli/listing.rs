//! `relapse list`.

use serde_json::json;

use crate::{call, fixture, json as json_of, relapse, said};

#[test]
fn scenarios_are_listed_with_title_and_expectation() {
    let said = call(&["list"]);

    assert_eq!((said.status, &*said.err), (0, ""));
    insta::assert_snapshot!(said.out, @r"
    quiet    Nothing ever fails
             toy: must pass
    planted  One seed in ten fails, as planted
             toy: must fail as toy/planted, fixed by planted=fix
    ");
}

#[test]
fn the_list_as_json_has_every_scenario() {
    let list = json_of(&["list", "--json"]);

    assert_eq!(
        list["scenarios"][1],
        json!({
            "name": "planted", "path": "scenarios/planted.toml", "title": "One seed in ten fails, as planted",
            "system": "toy",
            "expect": {"fail": "toy/planted", "fixed_by": ["planted=fix"], "rings": []},
        })
    );
}

#[test]
fn a_broken_file_is_listed_with_its_error_and_the_others_as_well() {
    let said = said(relapse(&["list"]).current_dir(fixture("broken")));

    assert_eq!(said.status, 2);
    assert!(said.out.contains("broken  broken: unknown key `fails_im` in [workload]"), "{}", said.out);
    assert!(said.out.contains("sound   One seed in ten fails"), "{}", said.out);
    assert!(said.err.contains("scenarios/broken.toml:7:1"), "{}", said.err);
}

#[test]
fn without_scenarios_there_is_a_way_out() {
    let said = said(relapse(&["list"]).current_dir(fixture("")));

    assert_eq!(said.status, 2);
    assert!(said.err.contains("run from the directory that holds `scenarios/`"), "{}", said.err);
}
