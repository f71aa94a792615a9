//! What must hold when everything is silent (xsync 12).
use std::collections::{BTreeMap, BTreeSet};

use floo_wasm::core::model::{ConversationId, Kind, Message, MessageStatus};
use floo_wasm::ports::Table;

use crate::cloud::{Cloud, Truth};
use crate::device::{Device, Fate};
use crate::world::World;

/// What a device must show of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Must {
    Show,
    Hide(&'static str),
    /// The protocol leaves it open.
    Either,
}

/// Everything that does not hold, in words.
pub fn violations(world: &mut World) -> Vec<String> {
    let mut wrong: Vec<_> = world.cloud.violations.clone();
    wrong.extend(world.devices.iter().flat_map(|device| device.violations.clone()));
    wrong.extend(once(&world.cloud, &world.devices));
    for number in 0..world.devices.len() {
        let device = &world.devices[number];
        if !device.is_online() {
            let state = device.session.as_ref().map(floo_wasm::core::session::Session::state);
            wrong.push(format!("d{number} did not come back: {state:?}"));
            continue;
        }
        if device.open_calls() > 0 {
            wrong.push(format!("d{number}: {:?} calls were never settled", device.calls));
        }
        wrong.extend(shows(world, number).into_iter().map(|what| format!("d{number}: {what}")));
    }
    // What was asked just now is settled too.
    wrong.extend(world.devices.iter().flat_map(|device| device.violations.clone()));
    wrong.sort();
    wrong.dedup();
    wrong
}

/// Every message of an application was sent once, or reported.
fn once(cloud: &Cloud, devices: &[Device]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut sent: BTreeMap<&str, Vec<(u64, &Truth)>> = BTreeMap::new();
    for (id, truth) in &cloud.messages {
        sent.entry(&truth.original).or_default().push((*id, truth));
    }
    for device in devices {
        for (text, errand) in &device.errands {
            let copies = sent.get(&text[..]).map_or(&[][..], Vec::as_slice);
            let taken_away = |id: u64, truth: &Truth| {
                truth.recalled || truth.deleted_by.contains(&device.user) || device.forgotten.contains_key(&id)
            };
            match (&errand.fate, copies) {
                (_, [_, _, ..]) => wrong.push(format!("{text} is there {} times", copies.len())),
                // Whoever missed the event sees it in the conversation.
                (Fate::Entrusted, [])
                    if !device.account.keys(Table::Outbox).any(|key| key == errand.id.to_be_bytes()) =>
                {
                    wrong.push(format!("{text} was neither sent nor reported"));
                }
                (Fate::Sent, []) => wrong.push(format!("{text} counts as sent, but the server does not have it")),
                // An edited message cannot be told from others by what was sent.
                (Fate::Failed, [(id, there)]) if !taken_away(*id, there) && there.text == there.original => {
                    wrong.push(format!("{text} counts as failed, but others have it"));
                }
                _ => {}
            }
        }
    }
    wrong
}

/// What a device has to do with a message of the server.
fn must(world: &World, device: &Device, of: ConversationId, id: u64, truth: &Truth) -> Must {
    let hidden = [
        (truth.recalled, "it was recalled"),
        (truth.deleted_by.contains(&device.user), "it was deleted"),
        (device.forgotten.get(&id) == Some(&true), "it was removed from this device"),
    ];
    if let Some((_, why)) = hidden.into_iter().find(|(is, _)| *is) {
        return Must::Hide(why);
    }
    let own = device.errands.get(&truth.original).map(|errand| &errand.fate);
    // To make room it was dropped from this device. Whoever looks for another message in the server's history may
    // have brought it back, and it is seen then if the pages have closed the gap.
    // An own message that the server had while its answer was lost stands among those that were dropped meanwhile.
    let among_dropped = || {
        let behind =
            |other: &u64| *other > id && world.cloud.messages.get(other).is_some_and(|m| m.place == truth.place);
        own.is_some() && device.dropped.iter().any(behind)
    };
    let mut open = device.forgotten.contains_key(&id)
        || device.dropped.contains(&id)
        || among_dropped()
        || matches!(own, Some(Fate::Withdrawn | Fate::Failed));
    for removed in device.removed.iter().filter(|removed| removed.of == of) {
        if removed.durable && id <= removed.seen {
            return Must::Hide("its conversation was removed from this device");
        }
        open |= id <= removed.bound;
    }
    for removal in world.cloud.removals.iter().filter(|removal| removal.user == device.user && removal.of == of) {
        let others = world.devices.iter().filter(|other| other.user == device.user);
        let made = others.flat_map(|other| &other.removed).find(|removed| removed.id == removal.client_id);
        if made.is_some_and(|made| id <= made.seen) {
            return Must::Hide("its conversation was removed everywhere");
        }
        open |= id <= removal.id;
    }
    if open { Must::Either } else { Must::Show }
}

/// What a device shows of each conversation.
fn shows(world: &mut World, number: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let user = world.devices[number].user;
    let left = world.devices[number].account.keys(Table::Outbox).count();
    let mut failed = 0;
    world.ask(number, Device::ask_list);
    let Some(list) = world.devices[number].list.take() else { return vec!["no list of conversations".into()] };
    let places: BTreeSet<_> = world.cloud.messages.values().map(|truth| truth.place).collect();
    let mut all: BTreeSet<_> = places.into_iter().filter_map(|place| place.seen_by(user)).collect();
    all.extend(list.iter().map(|row| row.id));
    for of in all {
        let mut shown: Vec<Message> = Vec::new();
        let mut before = 0;
        loop {
            world.ask(number, |device, now| device.ask_page(now, of, before));
            let Some(page) = world.devices[number].page.take() else { return vec![format!("{of}: no page")] };
            failed += page.iter().filter(|m| m.status == MessageStatus::Failed).count();
            wrong.extend(
                page.iter()
                    .filter(|m| m.status == MessageStatus::Sending)
                    .map(|m| format!("{of}: `{}` is still being sent", m.text)),
            );
            let mut page: Vec<_> = page.into_iter().filter(|m| m.id != 0).collect();
            let Some(first) = page.first() else { break };
            before = first.id;
            page.append(&mut shown);
            shown = page;
        }
        let device = &world.devices[number];
        if !shown.is_sorted_by(|a, b| a.id < b.id) {
            wrong.push(format!("{of}: not in the server's order, or not once"));
        }
        let seen: BTreeMap<_, _> = shown.iter().map(|message| (message.id, message)).collect();
        for (id, truth) in world.cloud.messages.iter().filter(|(_, truth)| truth.place.seen_by(user) == Some(of)) {
            match (must(world, device, of, *id, truth), seen.get(id)) {
                (Must::Show, None) => wrong.push(format!("{of}: `{}` ({id}) is missing", truth.text)),
                (Must::Hide(why), Some(_)) => wrong.push(format!("{of}: `{}` ({id}) is here, but {why}", truth.text)),
                (_, Some(message)) => {
                    let blind = world.cloud.blind.contains(&(user, truth.place));
                    // History does not tell who has read what: what it brings back is the past, and counts as read.
                    let back = device.dropped.contains(id);
                    wrong.extend(compare(of, message, truth, user, blind, back));
                }
                (_, None) => {}
            }
        }
        for message in shown.iter().filter(|m| !world.cloud.messages.contains_key(&m.id)) {
            wrong.push(format!("{of}: `{}` ({}) was never accepted", message.text, message.id));
        }
        let unread = shown.iter().filter(|m| !m.outgoing && !m.read).count();
        let row = list.iter().find(|row| row.id == of);
        // One that was dropped, and was marked unread on another device then, counts and is in the history only.
        let behind = world.cloud.messages.iter().filter(|(id, truth)| {
            truth.place.seen_by(user) == Some(of)
                && device.dropped.contains(id)
                && !seen.contains_key(id)
                && truth.from != user
                && !truth.read_by.contains(&user)
        });
        if !(unread..=unread + behind.count()).contains(&row.map_or(0, |row| row.unread as usize)) {
            wrong.push(format!("{of}: counts {:?} unread, there are {unread}", row.map(|row| row.unread)));
        }
        let last = row.and_then(|row| row.last.as_ref()).filter(|last| last.id != 0);
        // What history alone has brought back makes no row.
        let sure = |message: &&Message| {
            let truth = world.cloud.messages.get(&message.id);
            truth.is_some_and(|truth| must(world, device, of, message.id, truth) == Must::Show)
        };
        if let (None, Some(message)) = (row.and_then(|row| row.last.as_ref()), shown.iter().rfind(sure)) {
            wrong.push(format!("{of}: the list does not show the last message {}", message.id));
        }
        if let (Some(last), Some(message)) = (last, shown.last())
            && (last.id, &last.text) != (message.id, &message.text)
        {
            wrong.push(format!("{of}: the list shows {} last instead of {}", last.id, message.id));
        }
    }
    if left > failed {
        wrong.push(format!("{left} entries in the outbox, of which {failed} have failed"));
    }
    wrong
}

/// A message against the truth.
fn compare(of: ConversationId, message: &Message, truth: &Truth, user: u64, blind: bool, back: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    if message.text != truth.text {
        wrong.push(format!("{of}: {} is `{}` instead of `{}`", message.id, message.text, truth.text));
    }
    if message.from != truth.from || message.outgoing != (truth.from == user) {
        wrong.push(format!("{of}: {} is from {}", message.id, message.from));
    }
    let read = truth.read_by.contains(&user);
    if !message.outgoing && message.read != read && !blind && !back {
        wrong.push(format!("{of}: {} is {} here, read is {read}", message.id, message.read));
    }
    if message.outgoing && of.kind == Kind::User && message.read != truth.receipt && !back {
        wrong.push(format!("{of}: the receipt of {} is {}, there is {}", message.id, message.read, truth.receipt));
    }
    wrong
}
