//! Begins the corpus with what the protocol's vectors hold: `cargo run -p floo-fuzz --example seeds -- <directory>`.
use std::{env, fs, path::Path};

const ANSWERS: [&str; 8] = [
    r#"{"code":200,"message":null,"data":{"token":"tok","user_id":6600000000112,"public_key":"PEM"}}"#,
    r#"{"code":200,"data":[1,"2",{"user_id":3},{"group_id":9}]}"#,
    r#"{"code":200,"data":[{"user_id":1,"username":"a","nick_name":null,"alias":"b","avatar":"c"}]}"#,
    r#"{"code":200,"data":[{"group_id":"17","owner":3,"count":2,"name":"n","avatar":"a"}],"cursor":"x","total":5}"#,
    r#"{"code":200,"data":{"upload_url":"https://u.example/x","download_url":"https://d.example/y","oss_body_param":{}}}"#,
    r#"{"code":200,"data":{"dns_list":[{"group_level":0,"clusters":[{"cluster_id":1,"ratel":[{"protocol":"https","host":"r"}],"webim":[{"protocol":"http","host":"a:1"}],"ws":[],"rtc":[{"protocol":"https","host":"c"}]}]}],"dns_server_list":[{"domain":"d.example"}],"recommend_cluster_id":"1","app_status":"normal"}}"#,
    r#"{"document":"http://d","rest":"http://r","sockets":["ws://a/"],"clusters":[{"rest":["r"],"sockets":["s"],"rtc":[]}],"hosts":["h"],"at":1,"ratel":0}"#,
    r#"{"group_id":17,"user_id":6600000000112,"user_list":[1,"2"],"value":"v","cursor":"","limit":10,"server":"https://s.example"}"#,
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let to = env::args().nth(1).ok_or("which directory?")?;
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../tests/protocol/vectors.json"))?;
    let mut all = Vec::new();
    let mut downlinks = Vec::new();
    for row in &rows {
        let hex = row["hex"].as_str().ok_or("a vector without hex")?;
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16)).collect::<Result<_, _>>()?;
        all.push(("json", row["frame"].to_string().into_bytes()));
        all.push(("json", bytes.clone()));
        if row["direction"] == "server_to_client" {
            all.push(("frame", bytes.clone()));
            all.push(("rows", floo_fuzz::rows_of(std::slice::from_ref(&bytes))));
            downlinks.push(bytes.clone());
        }
        all.push(("inflate", miniz_oxide::deflate::compress_to_vec_zlib(&bytes, 6)));
        all.push(("inflate", bytes));
    }
    all.push(("rows", floo_fuzz::rows_of(&downlinks)));
    all.extend(ANSWERS.map(|text| ("answers", text.as_bytes().to_vec())));
    for (number, (target, bytes)) in all.into_iter().enumerate() {
        let directory = Path::new(&to).join(target);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(format!("seed-{number}")), bytes)?;
    }
    Ok(())
}
