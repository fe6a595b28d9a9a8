//! Addresses of the two services, and the choice of the keychain. Addresses are values, so that tests and the
//! sandbox can stand in; but only a sandbox build takes others, and only on this computer.

use std::path::PathBuf;

use anyhow::Context;
use url::Url;

use crate::platform::data_dir::DataDir;

/// The addresses of the two services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Where Withings answers requests.
    pub withings_api: Url,
    /// Where Withings asks for consent.
    pub withings_account: Url,
    /// Where Beeminder does both.
    pub beeminder: Url,
}

impl Endpoints {
    /// The real services.
    pub fn real() -> Endpoints {
        let url = |text| Url::parse(text).expect("the three addresses are well-formed");
        Endpoints {
            withings_api: url("https://wbsapi.withings.net/"),
            withings_account: url("https://account.withings.com/"),
            // Without "www." Beeminder redirects, and what was posted is lost.
            beeminder: url("https://www.beeminder.com/"),
        }
    }
}

/// Which keychain holds the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeychainChoice {
    /// The operating system's.
    System,
    /// A file in the data directory; sandbox builds only.
    File,
}

/// What a start of the program is told from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The addresses.
    pub endpoints: Endpoints,
    /// The keychain.
    pub keychain: KeychainChoice,
    /// The folder.
    pub data_dir: PathBuf,
    /// Whether the services are stand-ins.
    pub sandbox: bool,
}

const VARIABLES: [&str; 3] = ["BWS_WITHINGS_URL", "BWS_BEEMINDER_URL", "BWS_KEYCHAIN"];

/// Reads the environment.
///
/// # Errors
/// When a variable of the sandbox is set that this build must not follow, or that leads elsewhere.
pub fn read(
    data_dir: Option<PathBuf>,
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Environment> {
    let [withings, beeminder, keychain] = VARIABLES.map(|name| (name, variable(name)));
    if !cfg!(feature = "sandbox") {
        for (name, value) in [&withings, &beeminder, &keychain] {
            anyhow::ensure!(
                value.is_none(),
                "{name} is set, which only sandbox builds follow. Unset it to use the real services."
            );
        }
    }
    let keychain = match keychain.1.as_deref() {
        None => KeychainChoice::System,
        Some("file") => KeychainChoice::File,
        Some(other) => anyhow::bail!("BWS_KEYCHAIN is “{other}”; only “file” is understood."),
    };
    let (endpoints, sandbox) = match (withings.1, beeminder.1) {
        (None, None) => (Endpoints::real(), false),
        (Some(withings), Some(beeminder)) => {
            let withings_api = sandbox_url("BWS_WITHINGS_URL", &withings)?;
            let withings_account = withings_api.clone();
            let beeminder = sandbox_url("BWS_BEEMINDER_URL", &beeminder)?;
            (Endpoints { withings_api, withings_account, beeminder }, true)
        }
        _ => anyhow::bail!(
            "Only one of BWS_WITHINGS_URL and BWS_BEEMINDER_URL is set. Set both, so that a stand-in \
             is never mixed with the real service."
        ),
    };
    anyhow::ensure!(
        sandbox || keychain == KeychainChoice::System,
        "BWS_KEYCHAIN=file would write real tokens into a file. It is only for the sandbox: set \
         BWS_WITHINGS_URL and BWS_BEEMINDER_URL too, or unset it."
    );
    let data_dir = match data_dir {
        Some(path) => path,
        None => DataDir::default_path(sandbox)?,
    };
    Ok(Environment { endpoints, keychain, data_dir, sandbox })
}

fn sandbox_url(name: &str, text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| format!("{name} is not an address: “{text}”"))?;
    anyhow::ensure!(
        url.scheme() == "http" && is_loopback(&url),
        "{name} must be an address of this computer such as http://127.0.0.1:8900/, not “{text}”."
    );
    Ok(url)
}

/// Whether `url` can only lead to this computer.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> anyhow::Result<Environment> {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        read(Some("data".into()), move |name| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn without_variables_the_real_services_are_used() {
        let environment = with(&[]).unwrap();
        assert_eq!(environment.endpoints, Endpoints::real());
        assert!(!environment.sandbox);
    }

    #[cfg(not(feature = "sandbox"))]
    #[test]
    fn a_normal_build_refuses_to_start_when_a_sandbox_variable_is_set() {
        for variable in VARIABLES {
            let error = with(&[(variable, "http://127.0.0.1:1/")]).unwrap_err().to_string();
            assert!(error.contains(variable) && error.contains("sandbox builds"), "{error}");
        }
    }

    #[cfg(feature = "sandbox")]
    #[test]
    fn a_sandbox_build_takes_addresses_of_this_computer_alone_and_both_or_none() {
        let (here, there) = ("http://127.0.0.1:8900/", "http://192.0.2.1/");
        let environment =
            with(&[("BWS_WITHINGS_URL", here), ("BWS_BEEMINDER_URL", here), ("BWS_KEYCHAIN", "file")])
                .unwrap();
        assert!(environment.sandbox && environment.keychain == KeychainChoice::File);
        for (variables, words) in [
            (vec![("BWS_WITHINGS_URL", here)], "Set both"),
            (vec![("BWS_WITHINGS_URL", here), ("BWS_BEEMINDER_URL", there)], "this computer"),
            (vec![("BWS_WITHINGS_URL", "https://127.0.0.1/"), ("BWS_BEEMINDER_URL", here)], "this computer"),
            (vec![("BWS_WITHINGS_URL", "nonsense"), ("BWS_BEEMINDER_URL", here)], "not an address"),
            (vec![("BWS_KEYCHAIN", "file")], "real tokens"),
            (vec![("BWS_KEYCHAIN", "paper")], "only “file”"),
        ] {
            let error = with(&variables).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
