//! `musubi serve`: the console in the browser. Opens the house once, listens with TLS (or without, on this machine only), and
//! gives every verb in the visitor's name.

mod door;
mod gateway;
mod house;
mod jobs;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, Name};
use musubi_console::web::server;
use musubi_console::web::site::{Limits, Site};
use musubi_model::parameter::ParameterSet;
use serde_json::json;

use crate::args::Cli;
use crate::commands::Ending;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8443", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Without TLS. Only on this machine's own addresses (127.0.0.1, ::1).
    #[arg(long, conflicts_with_all = ["tls_certificate", "tls_key"])]
    plain: bool,
    /// Certificate chain, PEM. Without it, a certificate of its own is made in the data folder (`tls/`).
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// Private key, PEM.
    #[arg(long, requires = "tls_certificate", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Authorities whose client certificates are accepted (submitters' machines), PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    client_authorities: Option<PathBuf>,
    /// Writes the address to this file once it listens.
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
}

/// Serves until it is told to stop (SIGINT, SIGTERM).
pub fn run(cli: &Cli, voice: Voice, order: &Serve) -> Result<Ending> {
    if order.plain && !order.listen.ip().is_loopback() {
        voice.say(
            "TLS なしで使えるのはこの機械の中だけです(127.0.0.1 か ::1)",
            "Without TLS only this machine's own addresses can be served (127.0.0.1 or ::1)",
        );
        return Ok(Ending::Usage);
    }
    let home = Home::open(cli)?;
    let limits = limits(&home.parameters)?;
    let tls = if order.plain { None } else { Some(certificates(&home.data, order)?) };
    let inbox = home.data.join("inbox");
    fs::create_dir_all(&inbox).context("受入れフォルダーを作れません")?;
    // Uploads that did not come whole before the last end.
    if let Err(e) = fs::remove_dir_all(inbox.join(".incoming"))
        && e.kind() != std::io::ErrorKind::NotFound
    {
        return Err(e).context("届きかけの提出物を片づけられません");
    }
    let listener =
        TcpListener::bind(order.listen).with_context(|| format!("待ち受けられません: {}", order.listen))?;
    let address = listener.local_addr().context("待ち受けの住所")?;
    let entry = AuditEntry {
        at: now(),
        actor: Name::new(&cli.actor).context("--actor")?,
        role: home.acting.granted.role,
        action: AuditAction::Record,
        object: AuditObject::House,
        persons: 0,
        result: AuditResult::Done,
    };
    audit::append(&mut home.registry.act()?, &entry).context("証跡に記録できません")?;
    let secure = tls.is_some();
    let served = house::Served::new(home, inbox, limits.at_once)?;
    let site = Arc::new(Site::new(Arc::new(served), limits, secure));
    let url = format!("{}://{address}/", if secure { "https" } else { "http" });
    voice.say(format!("画面を開いてください: {url}(終了は Ctrl-C)"), format!("Open {url} (Ctrl-C ends)"));
    voice.value(&json!({ "url": url, "address": address.to_string() }));
    if let Some(file) = &order.address_file {
        // Whoever waits for the file finds it whole.
        let beside = file.with_extension("part");
        fs::write(&beside, url.as_bytes())
            .and_then(|()| fs::rename(&beside, file))
            .context("住所を書けません")?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("実行環境")?;
    runtime.block_on(async {
        let (tell, stop) = tokio::sync::watch::channel(false);
        tokio::spawn(async move {
            wait_for_the_end().await;
            tell.send_replace(true);
        });
        server::serve(Arc::clone(&site), listener, tls, stop).await
    })?;
    // The runtime goes first: the connections kept in the house are closed outside of it.
    drop(runtime);
    drop(site);
    voice.say("終了しました", "Ended");
    Ok(Ending::Done)
}

async fn wait_for_the_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

/// What the site bears, from the parameters.
fn limits(set: &ParameterSet) -> Result<Limits> {
    let number = |name| set.number(name, today()).with_context(|| format!("パラメータ {name}"));
    Ok(Limits {
        form_bytes: number("console.form_kib")? << 10,
        paper_bytes: number("console.paper_mib")? << 20,
        package_bytes: number("console.package_mib")? << 20,
        body_time: Duration::from_secs(number("console.body_seconds")?),
        package_time: Duration::from_secs(number("console.package_minutes")? * 60),
        knocks_a_minute: number("console.knocks_a_minute")?,
        visits_a_minute: number("console.visits_a_minute")?,
        at_once: usize::try_from(number("console.at_once")?).context("console.at_once")?,
    })
}

/// The certificate that was given, or one of the house's own.
fn certificates(data: &Path, order: &Serve) -> Result<Arc<rustls::ServerConfig>> {
    let (chain, key) = match (&order.tls_certificate, &order.tls_key) {
        (Some(chain), Some(key)) => (read(chain)?, read(key)?),
        _ => own_certificate(data, order.listen)?,
    };
    let authorities = order.client_authorities.as_deref().map(read).transpose()?;
    match server::tls(&chain, &key, authorities.as_deref()) {
        Ok(config) => Ok(config),
        Err(what) => bail!("TLS: {what}"),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("読めません: {}", path.display()))
}

/// A self-signed certificate in the data folder, made once: a browser asks before it trusts it.
fn own_certificate(data: &Path, listen: SocketAddr) -> Result<(Vec<u8>, Vec<u8>)> {
    let folder = data.join("tls");
    let (chain, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    if !chain.exists() || !key.exists() {
        fs::create_dir_all(&folder).context("tls フォルダーを作れません")?;
        let names = vec!["localhost".to_owned(), listen.ip().to_string()];
        let made = rcgen::generate_simple_self_signed(names).context("証明書を作れません")?;
        write_secret(&key, made.signing_key.serialize_pem().as_bytes())?;
        fs::write(&chain, made.cert.pem()).context("証明書を書けません")?;
    }
    Ok((read(&chain)?, read(&key)?))
}

fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).and_then(|mut f| f.write_all(bytes)).context("鍵を書けません")
}
