// Command terraform-provider-windows is the Terraform provider
// windows-baseline/windows: TCP/IP tuning of Windows servers over WinRM.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/windows-baseline/terraform-provider-windows/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve one configuration for a debugger and print how to attach to it")
	flag.Parse()
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/windows-baseline/windows",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
