// Command idle is a provider that does nothing: the real provider's schema, and a
// Read that returns the state that it was given. Whatever a plan costs with it is
// the cost of Terraform, of the plugin framework and of the wire between the two;
// what a plan with the real provider costs more is ours.
//
// It takes the name, the schema and the state of the real one, so that the same
// configuration and the same state serve both. It belongs to the bench and is
// linked into nothing.
package main

import (
	"context"
	"log"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	product "github.com/windows-baseline/terraform-provider-windows/internal/provider"
)

func main() {
	err := providerserver.Serve(context.Background(), newIdle, providerserver.ServeOpts{
		Address: "registry.terraform.io/windows-baseline/windows",
	})
	if err != nil {
		log.Fatal(err)
	}
}

func newIdle() provider.Provider { return idle{product.New("idle")()} }

// idle has the schema of the provider that it holds.
type idle struct{ provider.Provider }

// Configure hands nothing to the resources.
func (idle) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (i idle) Resources(ctx context.Context) []func() resource.Resource {
	var list []func() resource.Resource
	for _, of := range i.Provider.Resources(ctx) {
		list = append(list, func() resource.Resource { return stillOf(of()) })
	}
	return list
}

// stillOf is the resource without its work; it has an identity if the resource has one.
func stillOf(shape resource.Resource) resource.Resource {
	if known, ok := shape.(resource.ResourceWithIdentity); ok {
		return identified{still{shape}, known}
	}
	return still{shape}
}

// still has the schema of the resource that it holds and knows no host.
type still struct{ shape resource.Resource }

func (s still) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	s.shape.Metadata(ctx, req, resp)
}

func (s still) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	s.shape.Schema(ctx, req, resp)
}

// Read leaves the response as the framework made it: with the state of the request.
func (still) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

const onlyReads = "The bench's provider that does nothing can only refresh."

func (still) Create(_ context.Context, _ resource.CreateRequest, resp *resource.CreateResponse) {
	resp.Diagnostics.AddError("Nothing was created", onlyReads)
}

func (still) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("Nothing was updated", onlyReads)
}

func (still) Delete(_ context.Context, _ resource.DeleteRequest, resp *resource.DeleteResponse) {
	resp.Diagnostics.AddError("Nothing was deleted", onlyReads)
}

// identified is still with the identity of the resource that it holds.
type identified struct {
	still
	known resource.ResourceWithIdentity
}

func (i identified) IdentitySchema(ctx context.Context, req resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	i.known.IdentitySchema(ctx, req, resp)
}

// Read says who the resource is, since Terraform demands it of every Read; the state stays as it was.
func (identified) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var host types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("host"), &host)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("host"), strings.ToLower(host.ValueString()))...)
}
