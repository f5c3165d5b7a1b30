"""What is measured: each subject starts its processes and says where to send the load and whose CPU time to read."""
import http.client
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from processes import Failed, wait_until, with_descendants

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HOST = "bench-service.bench:8080"
PATH = "/api/petstore-domain/pets"
SIDES = ("inbound", "outbound")


@dataclass
class Running:
    """A subject that answers. `pids` are the processes whose CPU time and memory count as the proxy's."""

    url: str
    pids: list = field(default_factory=list)


@dataclass
class Subject:
    name: str
    shape: str  # "single": one proxy between client and server; "pair": two, with mTLS between them; "none"
    what: str
    program: object  # () -> path of what must be installed, or None
    start: object  # (Bench) -> Running


class Bench:
    """What all subjects share: a folder for this run, free ports, certificates, the upstream."""

    def __init__(self, folder, processes, ports):
        self.folder, self.processes, self.ports = Path(folder), processes, ports
        self.certs = self.folder / "certs"
        self.upstream = ports.take()

    def render(self, template, **values):
        """Fills {{name}} in a file of bench/ and puts it into this run's folder."""
        values = {"upstream": self.upstream, "certs": self.certs, **values}
        text = (HERE / template).read_text()
        target = self.folder / Path(template).name
        values.setdefault("dir", target.with_suffix(""))
        target.with_suffix("").mkdir(exist_ok=True)
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", str(value))
        target.write_text(text)
        return str(target)

    def launch(self, name, port, *commands):
        """Starts the commands and waits until the port answers a request with 200."""
        started = [self.processes.start(f"{name}-{n}" if n else name, command) for n, command in enumerate(commands)]
        wait_until(lambda: answers(port), started, name)
        return Running(f"http://127.0.0.1:{port}{PATH}", with_descendants([p.pid for p in started]))

    def make_certificates(self):
        """A CA and one certificate per side with its SPIFFE ID as URI SAN, as a mesh's CA would issue them."""
        self.certs.mkdir()
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl(self.certs, "req", "-x509", *new_key, "-days", "2", "-keyout", "ca.key", "-out", "ca.crt",
                "-subj", "/O=cluster.local")
        for side, account in (("client", "bench-client"), ("server", "bench-service")):
            identity = f"spiffe://cluster.local/ns/bench/sa/{account}"
            (self.certs / "san").write_text(f"subjectAltName=critical,URI:{identity}\n"
                                            "extendedKeyUsage=serverAuth,clientAuth\n")
            openssl(self.certs, "req", *new_key, "-keyout", f"{side}.key", "-out", f"{side}.csr", "-subj", "/")
            openssl(self.certs, "x509", "-req", "-in", f"{side}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                    "-CAcreateserial", "-days", "1", "-extfile", "san", "-out", f"{side}.crt")
            pem = (self.certs / f"{side}.crt").read_text() + (self.certs / f"{side}.key").read_text()
            (self.certs / f"{side}.pem").write_text(pem)


def openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failed(f"openssl {arguments[0]}: {done.stderr.strip()[-300:]}")


def answers(port, address="127.0.0.1"):
    connection = http.client.HTTPConnection(address, port, timeout=2)
    try:
        connection.request("GET", PATH, headers={"Host": HOST})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# ---- where the programs are ------------------------------------------------------------------------------------------
def command(name):
    return lambda: shutil.which(name)


def envoy():
    """The wheel's binary itself, from the environment ./dev bench makes, else whatever `envoy` is on the PATH."""
    venv = ROOT / ".cache" / "bench-venv"
    found = [p for p in sorted(venv.glob("lib/python*/site-packages/**/envoy")) if p.is_file()]
    found += [venv / "bin" / "envoy"] if (venv / "bin" / "envoy").exists() else []
    return str(found[0]) if found else shutil.which("envoy")


def marty():
    program = ROOT / "build" / "marty"
    return str(program) if program.exists() else None


# ---- the subjects ----------------------------------------------------------------------------------------------------
def nginx_command(bench, config):
    return ["nginx", "-p", str(bench.folder), "-e", config + ".log", "-c", config]


def start_upstream(bench):
    config = bench.render("peers/upstream.nginx.conf", port=bench.upstream)
    return bench.launch("upstream", bench.upstream, nginx_command(bench, config))


def start_direct(bench):
    return Running(f"http://127.0.0.1:{bench.upstream}{PATH}")


def start_nginx(bench):
    port = bench.ports.take()
    config = bench.render("peers/nginx.conf", port=port)
    return bench.launch("nginx", port, nginx_command(bench, config))


def haproxy(config):
    return ["haproxy", "-db", "-q", "-f", config]


def start_haproxy(config):
    def start(bench):
        port = bench.ports.take()
        return bench.launch(config, port, haproxy(bench.render(f"peers/{config}.cfg", port=port)))

    return start


def start_haproxy_pair(bench):
    port, inbound = bench.ports.take(), bench.ports.take()
    sides = [bench.render(f"peers/haproxy-pair-{side}.cfg", port=port, inbound=inbound) for side in SIDES]
    return bench.launch("haproxy-pair", port, *map(haproxy, sides))


def envoy_command(config):
    return [envoy(), "-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "error"]


def start_envoy(bench):
    port = bench.ports.take()
    return bench.launch("envoy-http", port, envoy_command(bench.render("peers/envoy-http.yaml", port=port)))


def start_envoy_pair(bench):
    port, inbound = bench.ports.take(), bench.ports.take()
    sides = [bench.render(f"peers/envoy-pair-{side}.yaml", port=port, inbound=inbound) for side in SIDES]
    return bench.launch("envoy-pair", port, *map(envoy_command, sides))


def start_marty(shape):
    """`up` on bench/manifests-<shape>; the application is the upstream that runs already, so the one marty process is
    all there is to count."""

    def start(bench):
        name = f"marty-{shape}"
        ready = bench.folder / f"{name}.ready.json"
        local = bench.render(f"local-{shape}.yaml")
        process = bench.processes.start(name, [
            marty(), "service-mesh", "up", "--mesh", "istio", "--manifests", str(HERE / f"manifests-{shape}"),
            "--local", local, "--ready-file", str(ready)])
        wait_until(ready.exists, [process], name)
        address, port = json.loads(ready.read_text())["proxy"].removeprefix("http://").rstrip("/").rsplit(":", 1)
        wait_until(lambda: answers(int(port), address), [process], name)
        return Running(f"http://{address}:{port}{PATH}", [process.pid])

    return start


SUBJECTS = [
    Subject("direct", "none", "no proxy: client to nginx upstream", command("nginx"), start_direct),
    Subject("haproxy-tcp", "single", "HAProxy, TCP relay", command("haproxy"), start_haproxy("haproxy-tcp")),
    Subject("haproxy-http", "single", "HAProxy, HTTP", command("haproxy"), start_haproxy("haproxy-http")),
    Subject("nginx", "single", "nginx, HTTP", command("nginx"), start_nginx),
    Subject("envoy-http", "single", "Envoy, HTTP, no policy", envoy, start_envoy),
    Subject("marty-single", "single", "marty: outbound sidecar, all petstore policies", marty, start_marty("single")),
    Subject("haproxy-pair", "pair", "HAProxy pair, mTLS, no policy", command("haproxy"), start_haproxy_pair),
    Subject("envoy-pair", "pair", "Envoy pair, mTLS, policies as Istio programs them", envoy, start_envoy_pair),
    Subject("marty-pair", "pair", "marty: both sidecars, mTLS, all petstore policies", marty, start_marty("pair")),
]
