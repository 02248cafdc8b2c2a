package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// providerModel is the provider block.
type providerModel struct {
	Username              types.String `tfsdk:"username"`
	Password              types.String `tfsdk:"password"`
	Auth                  types.String `tfsdk:"auth"`
	HTTPS                 types.Bool   `tfsdk:"https"`
	CACertificate         types.String `tfsdk:"ca_certificate"`
	TLSServerName         types.String `tfsdk:"tls_server_name"`
	Insecure              types.Bool   `tfsdk:"insecure"`
	Timeout               types.String `tfsdk:"timeout"`
	ConnectTimeout        types.String `tfsdk:"connect_timeout"`
	AllowUnencryptedBasic types.Bool   `tfsdk:"allow_unencrypted_basic"`
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	OnUnreachable         types.String `tfsdk:"on_unreachable"`
	Journal               types.Bool   `tfsdk:"journal"`
}

// unknown names the settings that are known only at apply.
func (m providerModel) unknown() []string {
	var names []string
	for _, setting := range []struct {
		name  string
		value attr.Value
	}{
		{"username", m.Username}, {"password", m.Password}, {"auth", m.Auth}, {"https", m.HTTPS},
		{"ca_certificate", m.CACertificate}, {"tls_server_name", m.TLSServerName}, {"insecure", m.Insecure},
		{"timeout", m.Timeout}, {"connect_timeout", m.ConnectTimeout}, {"allow_unencrypted_basic", m.AllowUnencryptedBasic},
		{"max_retries", m.MaxRetries}, {"on_unreachable", m.OnUnreachable}, {"journal", m.Journal},
	} {
		if setting.value.IsUnknown() {
			names = append(names, setting.name)
		}
	}
	return names
}

func (p *windowsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Declares, checks and repairs TCP/IP tuning of Windows servers over WinRM. " +
			"The block holds credentials and defaults, never a host: a host belongs to a resource. " +
			"Every attribute can come from an environment variable instead.",
		Attributes: map[string]schema.Attribute{
			"username": text("username", "The account: `DOMAIN\\\\user`, `user@realm` or `user`. "+
				"It must be an administrator of the hosts; a local one other than the built-in Administrator needs `LocalAccountTokenFilterPolicy = 1` there."),
			"password": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: describe("password", "The account's password. It is kept out of state, plans, logs and errors."),
			},
			"auth": text("auth", fmt.Sprintf("How to authenticate: one of `%s`. Default `%s`, which speaks NTLM; messages are sealed on plain HTTP. "+
				"`ntlm` is NTLM whatever else is offered. `basic` sends the password to the host and wants `https`. `kerberos` and `certificate` are not there yet.",
				strings.Join(winhost.AuthNames(), "`, `"), winhost.DefaultAuth)),
			"https": flag("https", "Use HTTPS (port 5986 by default). Default `false`: HTTP on port 5985 with sealed messages, as a Windows Server offers it out of the box."),
			"ca_certificate": text("ca_certificate", "The certificate, or several, that sign the hosts' HTTPS certificates: PEM text, for example `file(\"ca.pem\")`. "+
				"Default: the certificates that this machine trusts."),
			"tls_server_name": text("tls_server_name", "The name to look for in the hosts' HTTPS certificates, where it is another than the one in `host`."),
			"insecure":        flag("insecure", "Accept any HTTPS certificate. Default `false`. Whoever is on the network can then pretend to be the host."),
			"timeout": text("timeout", fmt.Sprintf("The longest that one WS-Management operation may take, as a number with a unit. Default `%gs`.",
				winhost.DefaultTimeout.Seconds())),
			"connect_timeout": text("connect_timeout", fmt.Sprintf("The longest that connecting and authenticating may take together. Default `%gs`: a dead host must be cheap.",
				winhost.DefaultConnectTimeout.Seconds())),
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: describe("max_retries", fmt.Sprintf("How often something is tried again that is safe to repeat: what the host put off because of a quota, and a read whose connection broke. "+
					"0 to %d, with growing waits between; default %d. Refused credentials and a host that is not there are never tried again.", winhost.MaxMaxRetries, winhost.DefaultMaxRetries)),
			},
			"on_unreachable": text("on_unreachable", "What a refresh does when a host cannot be reached or stops answering: `error` (default), or `warn`: "+
				"state is kept, and a warning says `drift NOT checked`, so that one dead host does not stop a plan for the others. It never applies to writes, imports, data sources, or refused credentials."),
			"journal": flag("journal", "Keep on each host what was there before, in `HKLM\\SOFTWARE\\terraform-provider-windows`. Default `true`. "+
				"Without it an apply that is killed, `create_before_destroy`, a renamed `for_each` key, a second resource for one machine and a lost state lose what was there before."),
			"allow_unencrypted_basic": flag("allow_unencrypted_basic", "Permit `auth = \"basic\"` without `https`, which sends the password readable. Default `false`."),
		},
	}
}

func text(name, description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: describe(name, description)}
}

func flag(name, description string) schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: describe(name, description)}
}

func describe(name, description string) string {
	return fmt.Sprintf("%s Environment variable `%s`.", description, winhost.Variable(name))
}
