"""Talk to a simulated host with python3-winrm, a WinRM client that we did not write; scripts/test-peers runs this.

Where the host is comes in the WINSIM_* variables that `winsim serve --ready-file` writes. WINSIM_MAX_USER_PORT is what
MaxUserPort was set to out of band. Prints a line for each check and ends with 1 if one of them failed.
"""

import collections
import os
import sys
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from winrm.exceptions import InvalidCredentialsError, WinRMError
from winrm.protocol import Protocol

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
WSEN = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
PARAMETERS = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"

ENVELOPE = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:n="{wsen}"
 xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>
<a:To>http://windows-host:5985/wsman</a:To>
<w:ResourceURI s:mustUnderstand="true">{resource}</w:ResourceURI>
<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>
<a:Action s:mustUnderstand="true">{action}</a:Action><a:MessageID>{message}</a:MessageID>
<w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize><w:OperationTimeout>PT20S</w:OperationTimeout>
</s:Header><s:Body>{body}</s:Body></s:Envelope>"""


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def find(element, name):
    """The first descendant with that local name, or None."""
    return next((e for e in element.iter() if local(e) == name), None)


def text(element, name):
    found = find(element, name)
    return None if found is None else found.text


def send(protocol, resource, action, body):
    """Send one message and return the reply's Body; the reply must name the request."""
    message = "uuid:" + str(uuid.uuid4()).upper()
    reply = ET.fromstring(
        protocol.send_message(ENVELOPE.format(wsen=WSEN, resource=resource, action=action, message=message, body=body))
    )
    assert text(reply, "RelatesTo") == message, f"RelatesTo {text(reply, 'RelatesTo')}, want {message}"
    return find(reply, "Body")


def invoke(protocol, method, **parameters):
    """Call a method of StdRegProv on Tcpip\\Parameters; returns the _OUTPUT element."""
    resource = WMI + "root/default/StdRegProv"
    parameters = {"hDefKey": 2147483650, "sSubKeyName": PARAMETERS, **parameters}
    inner = "".join(f"<p:{name}>{escape(str(value))}</p:{name}>" for name, value in parameters.items())
    body = f'<p:{method}_INPUT xmlns:p="{resource}">{inner}</p:{method}_INPUT>'
    output = find(send(protocol, resource, f"{resource}/{method}", body), f"{method}_OUTPUT")
    assert output is not None, f"no {method}_OUTPUT"
    return output


def enumerate_wql(protocol, wql):
    """Return all items of a query, each as a dict by local name, and how many messages it took."""
    resource = WMI + "root/cimv2/*"
    reply = send(
        protocol, resource, WSEN + "/Enumerate",
        "<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>"
        f'<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">{escape(wql)}</w:Filter></n:Enumerate>',
    )
    items, messages = [], 1
    while True:
        page = find(reply, "Items")
        for item in page if page is not None else []:
            items.append({local(property_): property_.text for property_ in item})
        if find(reply, "EndOfSequence") is not None:
            return items, messages
        assert messages < 1000, "the enumeration has no end"
        context = escape(text(reply, "EnumerationContext") or "")
        reply = send(
            protocol, resource, WSEN + "/Pull",
            f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext><n:MaxElements>32000</n:MaxElements></n:Pull>",
        )
        messages += 1


def check_all(protocol):
    """Read a value, a missing value, one instance, and a table that takes several pages."""
    want = os.environ["WINSIM_MAX_USER_PORT"]
    output = invoke(protocol, "GetDWORDValue", sValueName="MaxUserPort")
    assert (text(output, "uValue"), text(output, "ReturnValue")) == (want, "0"), ET.tostring(output)
    output = invoke(protocol, "GetDWORDValue", sValueName="NoSuchValue")
    assert text(output, "ReturnValue") == "1", ET.tostring(output)

    systems, _ = enumerate_wql(protocol, "select * from Win32_OperatingSystem")
    assert len(systems) == 1 and "Windows" in systems[0]["Caption"], systems

    services, messages = enumerate_wql(protocol, "select * from Win32_Service")
    names = [service["Name"] for service in services]
    assert messages > 1, "the table came in one message: paging was not tried"
    assert len(names) > 100 and len(names) == len(set(names)), f"{len(names)} services, {len(set(names))} names"
    some, _ = enumerate_wql(protocol, "select Name, State from Win32_Service where State = 'Running'")
    running = [service["Name"] for service in services if service["State"] == "Running"]
    assert sorted(service["Name"] for service in some) == sorted(running), f"{len(some)} running by the filter, {len(running)} without"
    return f"{len(services)} services in {messages} messages, {len(some)} of them running"


def connect(scheme, transport, password=None, **options):
    address = os.environ["WINSIM_HTTPS" if scheme == "https" else "WINSIM_HTTP"]
    return Protocol(
        endpoint=f"{scheme}://{address}/wsman", transport=transport, username=os.environ["WINSIM_USERNAME"],
        password=os.environ["WINSIM_PASSWORD"] if password is None else password,
        ca_trust_path=os.environ["WINSIM_CA_FILE"], **options,
    )


def ntlm_sealed():
    protocol = connect("http", "ntlm", message_encryption="always")
    told = check_all(protocol)
    assert protocol.transport.encryption is not None, "the messages were not sealed"
    return told


def ntlm_in_tls():
    """Channel bindings are sent here, and the simulated host checks them."""
    protocol = connect("https", "ntlm")
    told = check_all(protocol)
    assert protocol.transport.encryption is None, "sealed inside TLS"
    return told


def basic_in_tls():
    return check_all(connect("https", "basic"))


def writes():
    protocol = connect("http", "ntlm", message_encryption="always")
    output = invoke(protocol, "SetDWORDValue", sValueName="TcpTimedWaitDelay", uValue=30)
    assert text(output, "ReturnValue") == "0", ET.tostring(output)
    return "TcpTimedWaitDelay is set"  # scripts/test-peers looks at the host itself


def shell(protocol):
    """Run a command in a shell: netstat of a table that takes several replies, and one that fails."""
    shell_id = protocol.open_shell()
    try:
        command_id = protocol.run_command(shell_id, "netstat -ano -p tcp", [])
        stdout, stderr, code = protocol.get_command_output(shell_id, command_id)
        protocol.cleanup_command(shell_id, command_id)
        rows = [line.split() for line in stdout.decode("ascii").splitlines()[4:]]
        states = collections.Counter(row[3] for row in rows)
        assert (code, stderr) == (0, b""), (code, stderr)
        assert all(len(row) == 5 and row[0] == "TCP" for row in rows), rows[-1]
        assert ["TCP", "0.0.0.0:25", "0.0.0.0:0", "LISTENING", "2184"] in rows, rows[:10]
        assert states["TIME_WAIT"] > 2000, states

        command_id = protocol.run_command(shell_id, "reg", ["query", "HKLM\\" + PARAMETERS, "/v", "NoSuchValue"])
        stdout, stderr, code = protocol.get_command_output(shell_id, command_id)
        protocol.cleanup_command(shell_id, command_id)
        assert (code, stdout) == (1, b"") and stderr.startswith(b"ERROR: "), (code, stdout, stderr)
    finally:
        protocol.close_shell(shell_id)
    try:
        protocol.run_command(shell_id, "echo too late", [])
    except WinRMError as fault:
        assert "2150858843" in str(fault), fault
    else:
        raise AssertionError("a closed shell runs commands")
    return f"{len(rows)} sockets, {states['TIME_WAIT']} of them in TIME_WAIT"


def refused(scheme, transport, **options):
    try:
        invoke(connect(scheme, transport, password="not-the-password", **options), "GetDWORDValue", sValueName="MaxUserPort")
    except InvalidCredentialsError:
        return "refused"
    raise AssertionError("a wrong password was taken")


CHECKS = {
    "NTLM over HTTP, sealed": ntlm_sealed,
    "NTLM over HTTPS": ntlm_in_tls,
    "Basic over HTTPS": basic_in_tls,
    "a shell, sealed": lambda: shell(connect("http", "ntlm", message_encryption="always")),
    "a shell over HTTPS": lambda: shell(connect("https", "basic")),
    "a write": writes,
    "NTLM, wrong password": lambda: refused("http", "ntlm", message_encryption="always"),
    "Basic, wrong password": lambda: refused("https", "basic"),
}


def main():
    failed = 0
    for name, check in CHECKS.items():
        try:
            print(f"  {name}: {check()}")
        except Exception as problem:  # whatever it is, the other checks are worth running
            failed += 1
            print(f"  {name}: FAILED: {type(problem).__name__}: {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
