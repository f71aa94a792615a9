//! Discovery, probes and application switches (http-api 6, 8.1, 8.2).
use axum::http::header;
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    table::{Shape::*, Type::*, may, rows},
};
use crate::{
    guard,
    policy::{DnsFormat, Place},
};

#[rustfmt::skip]
rows! {
    P0 GET "/" Open probe [] -> PROBE, [], "Tells that the server is there; with an upgrade the long connection";
    P0 GET "/api/health" Open probe [] -> PROBE, [], "Tells that the server is there";
    P0 GET "/v2/app_dns" Open app_dns [may("app_id", Text(64)), may("source", Text(64))] -> Named("Dns"), [99998], "The clusters of an application";
    P0 GET "/v2/app_dnsundefined" Open app_dns [may("app_id", Text(64)), may("source", Text(64))] -> Named("Dns"), [99998], "The same, as shipped clients misspell it";
    Rest GET "/v1/app_dns" Open app_dns_1 [may("app_id", Text(64)), may("source", Text(64))] -> Named("Dns"), [99998], "The same in the older shape";
    Rest GET "/app_dns" Open app_dns_1 [may("app_id", Text(64)), may("source", Text(64))] -> Named("Dns"), [99998], "The same in the older shape";
    P0 GET "/app/config" Open app_config [may("platform", Int)] -> CONFIG, [], "Switches of the application";
    P1 GET "/app/support_staff" Token support_staff [] -> List(&Named("SupportContact")), [], "Contacts the application offers: its virtual users";
}

const PROBE: super::table::Shape = Fields(&[("server", Str), ("version", Str)]);
const CONFIG: super::table::Shape = Fields(&[
    ("hide_member_info", Bool),
    ("message_forward_max_user_num", Num),
    ("message_forward_max_message_num", Num),
]);

/// `GET /` and `GET /api/health`: only the HTTP status counts.
fn probe(_: &Call<'_>) -> Answer {
    Ok(json!({ "server": "floo-emulator", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /v2/app_dns`: the clusters and sockets that the switches name, then this server under the
/// name the caller used, so that it also works behind a proxy, then its further ports.
fn app_dns(call: &Call<'_>) -> Answer {
    let format = guard(&call.cloud.policy).dns_format;
    document(call, format)
}

/// `GET /v1/app_dns` and `GET /app_dns`: the same in the older shape, whatever the switches say.
fn app_dns_1(call: &Call<'_>) -> Answer {
    document(call, DnsFormat::V1)
}

fn document(call: &Call<'_>, format: DnsFormat) -> Answer {
    let app_id = call.params.text("app_id")?.unwrap_or("");
    if !call.store().app_exists(app_id)? {
        return Err(ApiError::new(99998, "app_id does not exist"));
    }
    let host = call
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .ok_or_else(|| ApiError::parameter("Host", "missing"))?;
    let proxied = call.headers.get("x-forwarded-proto");
    let secure = proxied.is_some_and(|protocol| protocol.as_bytes() == b"https");
    let own = Place { secure, host };
    let policy = guard(&call.cloud.policy).clone();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let further = call.cloud.addresses.iter().skip(1).map(|address| format!("{name}:{}", address.port()));
    let further: Vec<_> = further.collect();
    let sockets: Vec<_> = policy.dns_sockets.iter().filter_map(|url| Place::read(url)).chain([own]).collect();
    let clusters: Vec<_> = policy
        .dns_clusters
        .iter()
        .filter_map(|url| Place::read(url))
        .map(|place| cluster(format, place, &[place]))
        .chain([cluster(format, own, &sockets)])
        .chain(further.iter().map(|host| Place { secure: false, host }).map(|place| cluster(format, place, &[place])))
        .enumerate()
        .map(|(index, mut cluster)| {
            cluster["cluster_id"] = json!(index);
            cluster
        })
        .collect();
    let mut answer = json!({
        "version": 1,
        "app_status": policy.app_status,
        "account_verification": { "type": "", "status": "", "name": "" },
        "dns_list": [{ "group_level": 0, "clusters": clusters }],
        "dns_server_list": [],
        "link_server_list": [],
    });
    if format == DnsFormat::V1 {
        answer["recommend_cluster_id"] = json!(0);
        answer["clusters"] = answer["dns_list"][0]["clusters"].clone();
    }
    Ok(answer)
}

fn cluster(format: DnsFormat, http: Place<'_>, sockets: &[Place<'_>]) -> Value {
    let list = |places: &[Place<'_>], names: [&str; 2]| -> Value {
        places
            .iter()
            .map(|place| json!({ "protocol": names[usize::from(place.secure)], "host": place.host, "ip_list": [] }))
            .collect()
    };
    let mut cluster = json!({
        "ratel": list(&[http], ["http", "https"]),
        "ws": list(sockets, ["ws", "wss"]),
        "rtc": list(&[http], ["http", "https"]),
    });
    if format == DnsFormat::V2 {
        cluster["webim"] = list(sockets, ["http", "https"]);
    }
    cluster
}

fn support_staff(call: &Call<'_>) -> Answer {
    let store = call.store();
    let mut staff = Vec::new();
    for (user, _) in store.bots()? {
        staff.extend(store.profile(user)?.map(|profile| {
            json!({
                "user_id": user,
                "username": profile.username,
                "nickname": profile.nick_name,
                "avatar": profile.avatar,
                "source": "chatbot",
            })
        }));
    }
    Ok(json!(staff))
}

/// `GET /app/config`.
fn app_config(_: &Call<'_>) -> Answer {
    Ok(json!({
        "hide_member_info": false,
        "message_forward_max_user_num": 20,
        "message_forward_max_message_num": 20,
    }))
}
