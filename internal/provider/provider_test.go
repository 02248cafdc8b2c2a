package provider

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

func TestProviderSchema(t *testing.T) {
	ctx := context.Background()
	var resp provider.SchemaResponse
	New("test")().Schema(ctx, provider.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(ctx); diags.HasError() {
		t.Fatal(diags)
	}
	model := reflect.TypeFor[providerModel]()
	if model.NumField() != len(resp.Schema.Attributes) {
		t.Errorf("the model has %d fields, the schema %d attributes", model.NumField(), len(resp.Schema.Attributes))
	}
	for name, attribute := range resp.Schema.Attributes {
		if !strings.Contains(attribute.GetMarkdownDescription(), "`"+winhost.Variable(name)+"`") {
			t.Errorf("%s does not name its environment variable", name)
		}
		if attribute.IsSensitive() != (name == "password") {
			t.Errorf("%s: sensitive %v", name, attribute.IsSensitive())
		}
	}
}

// Each setting that is unknown is seen, none is forgotten in the list.
func TestUnknownSettings(t *testing.T) {
	model := providerModel{}
	value := reflect.ValueOf(&model).Elem()
	for i := range value.NumField() {
		name := value.Type().Field(i).Tag.Get("tfsdk")
		switch field := value.Field(i).Addr().Interface().(type) {
		case *types.String:
			*field = types.StringUnknown()
		case *types.Bool:
			*field = types.BoolUnknown()
		case *types.Int64:
			*field = types.Int64Unknown()
		}
		if got := model.unknown(); len(got) != i+1 || !strings.Contains(fmt.Sprint(got), name) {
			t.Errorf("with %s unknown: %v", name, got)
		}
	}
}

func TestResourceSchemaFollowsTheCatalogue(t *testing.T) {
	ctx := context.Background()
	var resp resource.SchemaResponse
	newTCPIPTuningResource().Schema(ctx, resource.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(ctx); diags.HasError() {
		t.Fatal(diags)
	}
	for _, p := range catalogue {
		attribute, ok := resp.Schema.Attributes[p.Attribute]
		if !ok || !attribute.IsOptional() || attribute.IsComputed() {
			t.Errorf("%s: missing, or not just optional", p.Attribute)
			continue
		}
		for _, want := range []string{p.ValueName, fmt.Sprintf("Range: %d to %d", p.Min, p.Max), string(p.Unit)} {
			if !strings.Contains(attribute.GetMarkdownDescription(), want) {
				t.Errorf("%s: the description lacks %q", p.Attribute, want)
			}
		}
	}
	if extra := len(resp.Schema.Attributes) - len(catalogue); extra != 7 {
		t.Errorf("%d attributes beside the catalogue; dynamic_port_range, host, on_destroy, original, owner, pending_restart and timeouts are 7", extra)
	}
}

// State that was edited by hand is an error that names the entry; nothing is
// restored from a guess.
func TestOriginalOfEditedState(t *testing.T) {
	ctx := context.Background()
	for _, entry := range [][2]string{{"max_user_port", "5000"}, {"max_user_port", "REG_DWORD -1"}, {"max_user_ports", "REG_DWORD 5000"}} {
		texts, diags := types.MapValueFrom(ctx, types.StringType, map[string]string{"tcp_timed_wait_delay": "absent", entry[0]: entry[1]})
		if diags.HasError() {
			t.Fatal(diags)
		}
		_, diags = tuningModel{Host: types.StringValue("mail01"), Original: texts}.original(ctx)
		if len(diags) != 1 || diags[0].Summary() != "Unable to Read State of mail01" || !strings.Contains(diags[0].Detail(), fmt.Sprintf("%q", entry[1])) && !strings.Contains(diags[0].Detail(), fmt.Sprintf("%q", entry[0])) {
			t.Errorf("%v: %v", entry, diags)
		}
	}
}

func TestUnableSaysWhatToDo(t *testing.T) {
	denied := &winhost.ReturnValueError{Method: "SetDWORDValue", Value: "MaxUserPort", Code: 5}
	tests := map[string]struct {
		err  error
		want []string
	}{
		"registry":  {denied, []string{"StdRegProv.SetDWORDValue", "access denied", "Administrators", "LocalAccountTokenFilterPolicy"}},
		"fault":     {&wsman.Fault{Code: 5, Message: "Access is denied."}, []string{"LocalAccountTokenFilterPolicy"}},
		"busy":      {&wsman.Fault{Code: 2150859174}, []string{"quota", "-parallelism"}},
		"too long":  {fmt.Errorf("waiting: %w", context.DeadlineExceeded), []string{"timeout", "timeouts"}},
		"cancelled": {fmt.Errorf("waiting: %w", context.Canceled), []string{"waiting: context canceled."}},
		"other":     {errors.New("odd"), []string{"odd."}},
	}
	for name, tt := range tests {
		d := unable("Create", "mail01", tt.err, "Nothing was written.")
		if d.Summary() != "Unable to Create TCP/IP Tuning of mail01" || !strings.HasSuffix(d.Detail(), "\n\nNothing was written.") {
			t.Errorf("%s: %s / %s", name, d.Summary(), d.Detail())
		}
		for _, want := range tt.want {
			if !strings.Contains(d.Detail(), want) {
				t.Errorf("%s: the detail lacks %q: %s", name, want, d.Detail())
			}
		}
	}
}

// Forgetting a host is offered only where it may be gone; a host that answered is
// not gone, and there is nothing to forget before anything is managed.
func TestWayOut(t *testing.T) {
	original := tuning.Values{"max_user_port": tuning.Absent, "tcp_timed_wait_delay": tuning.DWORD(240)}
	gone, refused := &transport.UnreachableError{Reason: transport.Refused}, &transport.UnauthorizedError{Refused: true}
	denied := &winhost.ReturnValueError{Code: 5}
	for i, err := range []error{gone, refused, denied} {
		text := strings.Join(wayOut(err, original), " ")
		if !strings.Contains(text, "TcpTimedWaitDelay REG_DWORD 240, MaxUserPort absent") {
			t.Errorf("%v: the originals are missing: %s", err, text)
		}
		if offers := strings.Contains(text, "state rm") && strings.Contains(text, "-refresh=false"); offers != (i == 0) {
			t.Errorf("%v: %s", err, text)
		}
	}
	if text := wayOut(gone, nil); text != nil {
		t.Errorf("with nothing managed: %q", text)
	}
}

// A command line at an error's end stays a line of its own.
func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"it failed": "it failed.", "it failed.": "it failed.", "did you mean 5?": "did you mean 5?", "do:\n\n  reg delete X /f\n": "do:\n\n  reg delete X /f\n",
	} {
		if got := sentence(errors.New(text)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
