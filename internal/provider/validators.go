package provider

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

var (
	_ validator.Number = parameterValidator{}
	_ validator.String = hostValidator{}
	_ validator.String = onDestroyValidator{}
	_ validator.String = methodValidator{}
)

// parameterValidator refuses what the catalogue's row does not allow.
type parameterValidator struct{ parameter tcpip.Parameter }

func (v parameterValidator) Description(context.Context) string {
	return "the range of " + v.parameter.ValueName
}

func (v parameterValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v parameterValidator) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := checkNumber(v.parameter, req.ConfigValue); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+v.parameter.Attribute, sentence(err))
	}
}

func checkNumber(p tcpip.Parameter, value types.Number) error {
	number, accuracy := value.ValueBigFloat().Int64()
	if accuracy != big.Exact {
		return fmt.Errorf("%s %s is no whole number from %d to %d", p.Attribute, value.ValueBigFloat().Text('g', 20), p.Min, p.Max)
	}
	return p.Check(number)
}

// hostValidator refuses what is no address of a host.
type hostValidator struct{}

func (hostValidator) Description(context.Context) string {
	return "name, name:port or [IPv6 address]:port"
}

func (v hostValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (hostValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := winhost.ParseAddress(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid host", sentence(err))
	}
}

// onDestroyValidator knows the three choices.
type onDestroyValidator struct{}

func (onDestroyValidator) Description(context.Context) string {
	return `"restore", "keep" or "windows_default"`
}

func (v onDestroyValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v onDestroyValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	switch tuning.OnDestroy(req.ConfigValue.ValueString()) {
	case tuning.Restore, tuning.Keep, tuning.WindowsDefault:
	default:
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid on_destroy",
			"It is "+req.ConfigValue.String()+": use "+v.Description(ctx)+".")
	}
}

// methodValidator knows the ways to read a socket table.
type methodValidator struct{}

func (methodValidator) Description(context.Context) string { return `"auto", "wmi" or "netstat"` }

func (v methodValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v methodValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	switch winhost.SocketMethod(req.ConfigValue.ValueString()) {
	case winhost.Auto, winhost.WMI, winhost.Netstat:
	default:
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid method", "It is "+req.ConfigValue.String()+": use "+v.Description(ctx)+".")
	}
}
