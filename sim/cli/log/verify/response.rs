//! `--responses KEY@POS`: a distribution that completes during the replay.

use miette::Report;
use zeebe::verify::Confirmation;

use crate::scenario::problem::Problem;

/// All responses for one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Response(pub Confirmation);

/// Reads the flag's argument.
pub fn parse(text: &str) -> Result<Response, String> {
    const USAGE: &str = "write KEY@POS, such as 2251799813689455@10461";
    let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0);
    let (key, position) = text.split_once('@').ok_or_else(|| USAGE.to_owned())?;
    let key = number(key).ok_or_else(|| format!("`{key}` is no key of a deployment: {USAGE}"))?;
    let position = number(position).ok_or_else(|| format!("`{position}` is no position: {USAGE}"))?;
    Ok(Response(Confirmation { position, key }))
}

/// Refuses two for one deployment: the first completes it.
pub fn each_once(responses: &[Response]) -> Result<(), Report> {
    for (nth, Response(one)) in responses.iter().enumerate() {
        if responses[..nth].iter().any(|Response(other)| other.key == one.key) {
            let said = format!("--responses {}@{}", one.key, one.position);
            let message = "the distribution of this deployment is completed by another --responses".to_owned();
            return Err(Problem::Flag { said, message, help: Some("complete each deployment once".to_owned()) }.into());
        }
    }
    Ok(())
}
