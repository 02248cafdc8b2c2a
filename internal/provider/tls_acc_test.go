package provider

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// TLS is checked unless the user says otherwise, and what the user says reaches
// the host.
func TestAccTLS(t *testing.T) {
	t.Parallel()
	host, stranger := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022())
	block := func(lines string) string {
		return fmt.Sprintf("provider \"windows\" {\n  username = %q\n  password = %q\n  https = true\n  %s\n}\n", host.Username(), host.Password(), lines)
	}
	right, wrong := fmt.Sprintf("ca_certificate = %q", host.CACertificate()), fmt.Sprintf("ca_certificate = %q", stranger.CACertificate())
	want := map[string]string{"MaxUserPort": "REG_DWORD 65534"}
	for name, tt := range map[string]struct{ lines, address, want string }{
		"unknown authority":         {"", host.HTTPSAddr(), "ca_certificate"},
		"another authority":         {wrong, host.HTTPSAddr(), "ca_certificate"},
		"another name":              {right + "\n  tls_server_name = \"mail01.contoso.example\"", host.HTTPSAddr(), "tls_server_name"},
		"a port without TLS":        {right, host.HTTPAddr(), "plain HTTP"},
		"the right authority":       {right, host.HTTPSAddr(), ""},
		"the name it bears":         {right + "\n  tls_server_name = \"localhost\"", host.HTTPSAddr(), ""},
		"insecure, since told so":   {"insecure = true", host.HTTPSAddr(), ""},
		"NTLM bound to the channel": {right + "\n  auth = \"ntlm\"", host.HTTPSAddr(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			step := resource.TestStep{Config: block(tt.lines) + tuned(tt.address, "max_user_port = 65534")}
			if tt.want == "" {
				step.Check = holds(host, want)
			} else {
				step.ExpectError = pattern("Unable to Create TCP/IP Tuning of .*" + tt.want)
			}
			accept(t, step)
		})
	}
}

// Basic over plain HTTP goes only where both sides allow it.
func TestAccUnencryptedBasic(t *testing.T) {
	t.Parallel()
	lax, strict := winsim.Start(t, winsim.Server2022(), winsim.AllowUnencrypted(true)), winsim.Start(t, winsim.Server2022())
	block := fmt.Sprintf("provider \"windows\" {\n  username = %q\n  password = %q\n  auth = \"basic\"\n  allow_unencrypted_basic = true\n}\n", lax.Username(), lax.Password())
	accept(t,
		resource.TestStep{Config: block + tuned(strict.HTTPAddr(), "max_user_port = 65534"), ExpectError: pattern("does not take Basic")},
		resource.TestStep{Config: block + tuned(lax.HTTPAddr(), "max_user_port = 65534"), Check: holds(lax, map[string]string{"MaxUserPort": "REG_DWORD 65534"})},
	)
}
