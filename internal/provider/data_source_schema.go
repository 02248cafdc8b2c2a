package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// What the data sources' schemas have in common.

func hostOfDataSource() schema.StringAttribute {
	return schema.StringAttribute{Required: true, Validators: []validator.String{hostValidator{}},
		MarkdownDescription: "The host: `name`, `name:port` or `[IPv6 address]:port`."}
}

func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func computedNumber(description string) schema.Int64Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
}
