package main

import (
	"bytes"
	"context"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	product "github.com/windows-baseline/terraform-provider-windows/internal/provider"
)

func serve(t *testing.T, p provider.Provider) (tfprotov6.ProviderServer, *tfprotov6.GetProviderSchemaResponse) {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schema.Diagnostics) != 0 {
		t.Fatal(err, schema.Diagnostics)
	}
	return server, schema
}

// The same schema to the last description, so that the same configuration and state fit.
func TestTheSameSchema(t *testing.T) {
	server, ours := serve(t, product.New("idle")())
	stillServer, theirs := serve(t, newIdle())
	if !reflect.DeepEqual(ours.Provider, theirs.Provider) || !reflect.DeepEqual(ours.ResourceSchemas, theirs.ResourceSchemas) ||
		!reflect.DeepEqual(ours.DataSourceSchemas, theirs.DataSourceSchemas) {
		t.Error("the schema of the provider that does nothing is another one than the product's")
	}
	identity, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := stillServer.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{}); err != nil || !reflect.DeepEqual(got, identity) {
		t.Errorf("the identity is %+v, want %+v (%v)", got, identity, err)
	}
}

// Read gives back the very state, for a host that is not there and by a provider that was never configured.
func TestReadGivesTheStateBack(t *testing.T) {
	server, schema := serve(t, newIdle())
	typ := schema.ResourceSchemas["windows_tcpip_tuning"].ValueType()
	values := map[string]tftypes.Value{}
	for name, of := range typ.(tftypes.Object).AttributeTypes {
		values[name] = tftypes.NewValue(of, nil)
	}
	values["host"] = tftypes.NewValue(tftypes.String, "no-such-host.example")
	values["tcp_timed_wait_delay"] = tftypes.NewValue(tftypes.Number, 30)
	state, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, values))
	if err != nil {
		t.Fatal(err)
	}
	got, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "windows_tcpip_tuning", CurrentState: &state, Private: []byte(`{"written":"e30="}`),
	})
	if err != nil || len(got.Diagnostics) != 0 {
		t.Fatal(err, got.Diagnostics)
	}
	back, err := got.NewState.Unmarshal(typ)
	if err != nil || !back.Equal(tftypes.NewValue(typ, values)) || !bytes.Equal(got.Private, []byte(`{"written":"e30="}`)) {
		t.Errorf("state %v and private %s came back (%v)", back, got.Private, err)
	}
}

// A resource with an identity keeps it: Terraform refuses a Read that does not set it.
func TestIdentity(t *testing.T) {
	var known resource.Resource = withIdentity{product.New("idle")().Resources(t.Context())[0]()}
	still, ok := stillOf(known).(resource.ResourceWithIdentity)
	if !ok {
		t.Fatal("the identity is lost")
	}
	var shape resource.SchemaResponse
	still.Schema(t.Context(), resource.SchemaRequest{}, &shape)
	var identity resource.IdentitySchemaResponse
	still.IdentitySchema(t.Context(), resource.IdentitySchemaRequest{}, &identity)
	state := tfsdk.State{Schema: shape.Schema, Raw: tftypes.NewValue(shape.Schema.Type().TerraformType(t.Context()), nil)}
	if diags := state.SetAttribute(t.Context(), path.Root("host"), "MAIL01:5985"); diags.HasError() {
		t.Fatal(diags)
	}
	typ := identity.IdentitySchema.Type().TerraformType(t.Context())
	resp := resource.ReadResponse{State: state, Identity: &tfsdk.ResourceIdentity{Schema: identity.IdentitySchema, Raw: tftypes.NewValue(typ, nil)}}
	still.Read(t.Context(), resource.ReadRequest{State: state}, &resp)
	want := tftypes.NewValue(typ, map[string]tftypes.Value{"host": tftypes.NewValue(tftypes.String, "mail01:5985")})
	if resp.Diagnostics.HasError() || !resp.Identity.Raw.Equal(want) || !resp.State.Raw.Equal(state.Raw) {
		t.Errorf("identity %v, want %v; %v", resp.Identity.Raw, want, resp.Diagnostics)
	}
}

type withIdentity struct{ resource.Resource }

func (withIdentity) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"host": identityschema.StringAttribute{RequiredForImport: true},
	}}
}

// Nothing of the bench is in the product.
func TestNotLinkedIntoTheProduct(t *testing.T) {
	deps, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../../..").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(deps), "/internal/provider\n") || strings.Contains(string(deps), "/internal/fleetbench") {
		t.Error("go list -deps of the product has no internal/provider, or has internal/fleetbench")
	}
}
