use pointlock_cli::readers;
use serde_json::Value;

/// Input: what is written to `pointlock conformance`.
///
/// Each line has one answer, an object that fits into a line; alone a line has the same answer as among others; what was pre-signed is
/// verified.
pub fn conformance(data: &[u8]) -> bool {
    let answers = answers(data);
    let ended = data.last().is_none_or(|last| *last == b'\n');
    let lines = data.iter().filter(|byte| **byte == b'\n').count() + usize::from(!ended);
    assert_eq!(answers.len(), lines, "an answer for each line");
    let mut taken = false;
    // With its end, where it has one.
    for (line, answer) in data.split_inclusive(|byte| *byte == b'\n').zip(&answers) {
        let object = answer.as_object().expect("an object");
        assert_eq!(self::answers(line).as_slice(), std::slice::from_ref(answer));
        match serde_json::from_slice::<Value>(line) {
            Ok(request) if !object.contains_key("error") => {
                taken = true;
                pre_signature_verifies(&request, answer);
            }
            Ok(_) => {}
            Err(_) => assert!(object.contains_key("error"), "no JSON, and no error"),
        }
    }
    taken
}

fn answers(lines: &[u8]) -> Vec<Value> {
    let text = String::from_utf8(readers::answers(lines)).expect("JSON is UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect()
}

fn pre_signature_verifies(request: &Value, answer: &Value) {
    let Some(op) = request["op"].as_str().filter(|op| op.ends_with(".pre_sign")) else { return };
    let mut verify = request.clone();
    verify["op"] = op.replace("pre_sign", "verify").into();
    verify["public_key"] = answer["public_key"].clone();
    verify["presignature"] = answer["presignature"].clone();
    let verdict = answers(verify.to_string().as_bytes());
    assert_eq!(verdict[0]["valid"], Value::Bool(true), "{request}");
}

/// Input: the text of a scenario's file.
///
/// What is wrong is on a line of it; what is read is within the bounds of what can be played, and is read the same again.
pub fn scenario(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let read = readers::scenario(text);
    assert_eq!(read, readers::scenario(text));
    match read {
        Ok(read) => {
            assert!((1..=8).contains(&read.forwarders) && read.on_path <= read.forwarders);
            assert!(read.payments > 0 && read.parties > 0 && read.points <= 64);
            true
        }
        Err((line, _)) => {
            let lines = 1 + text.matches('\n').count();
            assert!((1..=lines).contains(&line), "line {line} of {lines}");
            false
        }
    }
}
