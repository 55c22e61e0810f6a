use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::form::short;
use super::{Coalition, Model, Share, Target};
use crate::curve::PublicScalar;

/// "sender gives y_0[2] (it drew it); …; so l_2[2] = …; router is the claimer …".
pub(super) fn derivation(
    model: &Model,
    coalition: Coalition,
    target: &Target,
    shares: &[Share],
) -> Vec<String> {
    let mut lines: Vec<String> = coalition
        .members()
        .filter_map(|party| {
            let given: Vec<String> = shares
                .iter()
                .filter(|share| share.party == party)
                .map(|share| {
                    let fact = &model.parties[party].facts[share.fact];
                    let form = model.symbols.text(&fact.form);
                    let equals =
                        if form == fact.label { String::new() } else { format!(" = {form}") };
                    format!("{}{equals} ({})", fact.label, fact.how)
                })
                .collect();
            let name = &model.parties[party].name;
            (!given.is_empty()).then(|| format!("{name} gives {}", given.join(", ")))
        })
        .collect();
    let mut sum = String::new();
    for share in shares {
        let label = &model.parties[share.party].facts[share.fact].label;
        let minus = share.coefficient == PublicScalar::ONE.negate();
        sum.push_str(match (sum.is_empty(), minus) {
            (true, false) => "",
            (true, true) => "−",
            (false, false) => " + ",
            (false, true) => " − ",
        });
        if !minus && share.coefficient != PublicScalar::ONE {
            sum.push_str(&short(&share.coefficient));
            sum.push('·');
        }
        sum.push_str(label);
    }
    let form = model.symbols.text(&target.form);
    let secret = if target.form.as_atom().is_some_and(|atom| atom.is_preimage()) {
        form.to_string()
    } else {
        format!("l_{}[{}] = {form}", target.edge, target.attempt + 1)
    };
    // The sum of atoms that the secret is by definition need not be written twice.
    let by = if sum == form { String::new() } else { format!(" = {sum}") };
    lines.push(format!("so {secret}{by}"));
    let claimer = &model.parties[target.claimer].name;
    let edge = target.edge;
    let attempt = target.attempt + 1;
    lines.push(format!(
        "{claimer} is the claimer of edge {edge} in payment {attempt}, and takes it"
    ));
    lines
}
