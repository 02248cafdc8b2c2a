package provider

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// What the docs say of each row of the catalogue: unit, range, default by version, which
// Windows it counts on, and when a change takes effect.
func TestEachParameterIsDescribedInFull(t *testing.T) {
	ctx := context.Background()
	var resp resource.SchemaResponse
	newTCPIPTuningResource().Schema(ctx, resource.SchemaRequest{}, &resp)
	for _, p := range catalogue {
		description := resp.Schema.Attributes[p.Attribute].GetMarkdownDescription()
		want := []string{
			"`" + p.ValueName + "`. ", " Unit: " + string(p.Unit) + ".", fmt.Sprintf(" Range: %d to %d.", p.Min, p.Max),
			" While it is absent: ", " Windows versions: " + p.Versions + ".", " Source: ",
		}
		if p.Restart {
			want = append(want, "after the next restart of the host.")
		} else {
			want = append(want, "at once.")
		}
		for _, d := range p.Defaults {
			if d.Known || d.Value != 0 {
				want = append(want, fmt.Sprint(d.Value))
			}
			want = append(want, d.Note)
		}
		for _, text := range want {
			if !strings.Contains(description, text) {
				t.Errorf("%s: the description lacks %q: %s", p.Attribute, text, description)
			}
		}
	}
	// A row that took effect at once would say so.
	if text := parameterText(tcpip.Parameter{}); !strings.Contains(text, "at once") || strings.Contains(text, "restart") {
		t.Errorf("a parameter without a restart: %s", text)
	}
	ranges := resp.Schema.Attributes[tcpip.RangeAttribute].GetMarkdownDescription()
	for _, text := range []string{"Vista", "Server 2008 and later", "49152-65535", "new sockets without a restart", "KB929851"} {
		if !strings.Contains(ranges, text) {
			t.Errorf("the description of the port ranges lacks %q: %s", text, ranges)
		}
	}
}

type describedAttribute interface {
	GetDescription() string
	GetMarkdownDescription() string
}

// described walks attributes and names those that have no description.
func described[A describedAttribute](t *testing.T, path string, attributes map[string]A) {
	t.Helper()
	if len(attributes) == 0 {
		t.Errorf("%s has no attributes", path)
	}
	for name, attribute := range attributes {
		at := path + "." + name
		if len(strings.TrimSpace(attribute.GetDescription()+attribute.GetMarkdownDescription())) < 4 {
			t.Errorf("%s has no description", at)
		}
		switch nested := any(attribute).(type) {
		case resourceschema.SingleNestedAttribute:
			described(t, at, nested.Attributes)
		case datasourceschema.SingleNestedAttribute:
			described(t, at, nested.Attributes)
		case datasourceschema.MapNestedAttribute:
			described(t, at, nested.NestedObject.Attributes)
		case datasourceschema.ListNestedAttribute:
			described(t, at, nested.NestedObject.Attributes)
		case resourceschema.NestedAttribute:
			t.Errorf("%s: this test does not know how to look into it", at)
		}
	}
}

func TestEachAttributeIsDescribed(t *testing.T) {
	ctx := context.Background()
	var whole provider.SchemaResponse
	New("test")().Schema(ctx, provider.SchemaRequest{}, &whole)
	described(t, "provider", whole.Schema.Attributes)
	var managed resource.SchemaResponse
	newTCPIPTuningResource().Schema(ctx, resource.SchemaRequest{}, &managed)
	described(t, "windows_tcpip_tuning", managed.Schema.Attributes)
	for _, newSource := range New("test")().DataSources(ctx) {
		source := newSource()
		var name datasource.MetadataResponse
		source.Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "windows"}, &name)
		var read datasource.SchemaResponse
		source.Schema(ctx, datasource.SchemaRequest{}, &read)
		described(t, name.TypeName, read.Schema.Attributes)
	}
}
