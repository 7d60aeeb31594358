//! Sequences as JSON, for files and for the browser's storage.

use super::{Reply, Sequence, Step};
use crate::composing::draft::Draft;
use crate::data::json::{self, Object, Value};
use crate::data::visible::{Beginning, Quoted};

impl Sequence {
    pub fn to_json<'a>(sequences: impl IntoIterator<Item = &'a Self>) -> String {
        let mut out = String::new();
        let mut document = Object::new(&mut out);
        document.array("sequences", sequences, |out, sequence| {
            let mut object = Object::new(out);
            object.text("name", &sequence.name);
            object.number("rounds", sequence.rounds.into());
            object.array("steps", &sequence.steps, write_step);
            object.end();
        });
        document.end();
        out
    }

    /// # Errors
    /// The mistake, with its sequence and step.
    pub fn from_json(text: &str) -> Result<Vec<Self>, String> {
        Self::each_from_json(text)?.into_iter().collect()
    }

    /// Each sequence, or its mistake.
    pub(crate) fn each_from_json(text: &str) -> Result<Vec<Result<Self, String>>, String> {
        let document = json::parse(text).map_err(|error| error.to_string())?;
        let sequences =
            document.member("sequences").ok_or("this is not a file of sequences: \"sequences\" is missing")?;
        Ok(sequences.elements().iter().map(read_sequence).collect())
    }
}

fn write_step(out: &mut String, step: &Step) {
    let mut object = Object::new(out);
    match step {
        Step::Send(draft) => {
            let mut send = Object::new(object.member("send"));
            draft.write(&mut send);
            send.end();
        }
        Step::Expect { reply, within } => {
            let mut expect = Object::new(object.member("expect"));
            match reply {
                Reply::Text(text) => expect.text("text", text),
                Reply::Regex(expression) => expect.text("regex", expression),
                Reply::Json { path, equals } => {
                    expect.text("path", path);
                    if !equals.is_empty() {
                        expect.text("equals", equals);
                    }
                }
            }
            expect.end();
            object.number("within", (*within).into());
        }
        Step::Delay(ms) => object.number("delay", (*ms).into()),
    }
    object.end();
}

fn read_sequence(value: &Value<'_>) -> Result<Sequence, String> {
    let name = value.member("name").and_then(Value::text).ok_or("a sequence needs a \"name\"")?.into_owned();
    let steps = value.member("steps").map(Value::elements).unwrap_or_default();
    let step = |(value, number): (_, usize)| {
        read_step(value).map_err(|why| format!("sequence {}, step {number}: {why}", Quoted(&name)))
    };
    let steps = steps.iter().zip(1..).map(step).collect::<Result<_, _>>()?;
    let rounds = value.member("rounds").and_then(ms).unwrap_or(1);
    Ok(Sequence { name, rounds, steps })
}

fn read_step(value: &Value<'_>) -> Result<Step, String> {
    if let Some(draft) = value.member("send") {
        return Draft::read(draft).map(Step::Send);
    }
    if let Some(expect) = value.member("expect") {
        let within = match value.member("within") {
            Some(within) => ms(within)
                .ok_or_else(|| format!("within {} is not a number of milliseconds", Beginning(&within.to_string())))?,
            None => Step::DEFAULT_TIMEOUT_MS,
        };
        return read_reply(expect).map(|reply| Step::Expect { reply, within });
    }
    let delay = value.member("delay").ok_or("it is neither \"send\" nor \"expect\" nor \"delay\"")?;
    ms(delay)
        .map(Step::Delay)
        .ok_or_else(|| format!("delay {} is not a number of milliseconds", Beginning(&delay.to_string())))
}

fn read_reply(expect: &Value<'_>) -> Result<Reply, String> {
    let text = |name| expect.member(name).and_then(Value::text).map(|text| text.into_owned());
    if let Some(text) = text("text") {
        return Ok(Reply::Text(text));
    }
    if let Some(expression) = text("regex") {
        return Ok(Reply::Regex(expression));
    }
    let path = text("path").ok_or("an expected reply needs \"text\", \"regex\" or \"path\"")?;
    Ok(Reply::Json { path, equals: text("equals").unwrap_or_default() })
}

fn ms(value: &Value<'_>) -> Option<u32> {
    value.integer().and_then(|ms| u32::try_from(ms).ok())
}
