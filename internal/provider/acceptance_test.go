package provider

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// factories serves the provider inside the test's process.
func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"windows": providerserver.NewProtocol6WithError(New("test")()),
	}
}

// accept runs the steps by the real CLI.
func accept(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: steps})
}

const address = "windows_tcpip_tuning.test"

// overTLS is the provider block for a host by Basic over HTTPS.
func overTLS(host *winsim.Host) string {
	return fmt.Sprintf("provider \"windows\" {\n  username = %q\n  password = %q\n  auth = \"basic\"\n  https = true\n  ca_certificate = %q\n}\n",
		host.Username(), host.Password(), host.CACertificate())
}

// overTLSOf is one provider block for several hosts with the same account.
func overTLSOf(hosts ...*winsim.Host) string {
	authorities := ""
	for _, host := range hosts {
		authorities += host.CACertificate()
	}
	return strings.Replace(overTLS(hosts[0]), strconv.Quote(hosts[0].CACertificate()), strconv.Quote(authorities), 1)
}

// sealed is the provider block for a host as Windows offers itself out of the
// box: NTLM over HTTP with sealed messages.
func sealed(host *winsim.Host, lines ...string) string {
	return fmt.Sprintf("provider \"windows\" {\n  username = %q\n  password = %q\n  %s\n}\n",
		host.Username(), host.Password(), strings.Join(lines, "\n  "))
}

// tuned is a resource with the given lines.
func tuned(address string, lines ...string) string {
	return fmt.Sprintf("resource \"windows_tcpip_tuning\" \"test\" {\n  host = %q\n  %s\n}\n", address, strings.Join(lines, "\n  "))
}
