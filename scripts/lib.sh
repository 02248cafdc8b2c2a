# Shared by the scripts beside it; POSIX sh, to be sourced with $root set to the top of the tree.

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# own_environment drops what a user's shell may hold that would change what Terraform and the provider do here:
# a CLI configuration file (even one that does not exist makes OpenTofu unreadable to the test framework),
# extra arguments, variables, and the provider's own WINDOWS_* variables. TF_CLI is ours; TF_LOG is the user's wish.
own_environment() {
	for name in $(env | sed -n 's/^\(TF_[A-Za-z0-9_]*\)=.*/\1/p; s/^\(WINDOWS_[A-Z0-9_]*\)=.*/\1/p'); do
		case $name in
		TF_CLI | TF_LOG | TF_LOG_* | TF_ACC_LOG | TF_ACC_LOG_*) ;;
		*) unset "$name" ;;
		esac
	done
	export CHECKPOINT_DISABLE=1 # no question to HashiCorp whether there is a newer Terraform
}

# cli_about PATH prints "terraform 1.11.4" or "tofu 1.12.6"; nothing for any other program.
cli_about() {
	(
		own_environment
		"$1" version 2>/dev/null | sed -n \
			-e 's/^Terraform v\([0-9][^ ]*\)$/terraform \1/p' \
			-e 's/^OpenTofu v\([0-9][^ ]*\)$/tofu \1/p' | head -n 1
	)
}

# cli_product PATH prints terraform or tofu.
cli_product() { cli_about "$1" | sed 's/ .*//'; }

# cli_title PATH prints the name as people write it: Terraform 1.11.4, OpenTofu 1.12.6.
cli_title() { cli_about "$1" | sed 's/^terraform/Terraform/; s/^tofu/OpenTofu/'; }

# at_least VERSION MINIMUM compares major and minor.
at_least() {
	[ "${1%%.*}" -gt "${2%%.*}" ] && return 0
	[ "${1%%.*}" -eq "${2%%.*}" ] || return 1
	minor=${1#*.}
	minor=${minor%%.*}
	[ "$minor" -ge "${2#*.}" ]
}

# registry_host PRODUCT prints the registry that the product takes when a source names none.
registry_host() {
	case $1 in
	tofu) echo registry.opentofu.org ;;
	*) echo registry.terraform.io ;;
	esac
}

# built NAME MODULE GOMOD_DIR PACKAGE LDFLAGS TAKES prints the path of a program built from its Go module at the version
# that GOMOD_DIR/go.mod pins; $why, if set, says first why it must be. It is kept in a cache of the user's, by version and by the Go that built it.
built() {
	version=$(sed -n "s|^[[:space:]]*$2 v\\([0-9][^ ]*\\).*\$|\\1|p" "$3/go.mod")
	kept=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-windows/$1-$version-$(go env GOVERSION)
	if [ ! -x "$kept/$1" ]; then
		say "${why:+$why }Building $1 $version from its Go module. This happens once and takes about $6 on two cores; it is kept in $kept."
		build "$1" "$3" "$4" "$5" "$kept" >&2
	fi
	echo "$kept/$1"
}

# build NAME GOMOD_DIR PACKAGE LDFLAGS DIR builds DIR/NAME, with a line of progress now and then. The program is moved
# there when it is whole, so that a build that was interrupted, or another one at the same time, does no harm.
build() (
	mkdir -p "$5"
	new=$(mktemp -d "$5/build.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	begin=$(date +%s)
	cd "$2" || exit
	echo "  downloading modules ..."
	go mod download || die "The modules of $1 cannot be downloaded; what go says stands above. Does this machine reach a Go module proxy (go env GOPROXY)?"
	total=$(go list -deps "$3" | wc -l | tr -d ' ')
	echo "  compiling up to $total packages ..."
	# go build -v names each package that it compiles, alone on a line; anything else that it says is worth reading.
	{ go build -v -ldflags "$4" -o "$new/$1" "$3" 2>&1 || echo "go build failed ($?)"; } | {
		count=0
		while IFS= read -r line; do
			case $line in
			*[!A-Za-z0-9./_~-]*) echo "  $line" ;;
			*)
				count=$((count + 1))
				[ $((count % 200)) -ne 0 ] || echo "  compiled $count packages, $(($(date +%s) - begin)) s"
				;;
			esac
		done
	}
	[ -x "$new/$1" ] || die "$1 could not be built; what go says stands above."
	mv -f "$new/$1" "$5/$1"
	echo "  done after $(($(date +%s) - begin)) s"
)

# built_tofu, built_linter and built_docs print the path of OpenTofu, golangci-lint and tfplugindocs.
built_tofu() {
	# version.dev=no: else the version ends in -dev, which counts as a version before the release.
	built tofu github.com/opentofu/opentofu "$root/tools/tofu" github.com/opentofu/opentofu/cmd/tofu \
		'-X github.com/opentofu/opentofu/version.dev=no' 'two to five minutes'
}
built_linter() {
	built golangci-lint github.com/golangci/golangci-lint/v2 "$root/tools" \
		github.com/golangci/golangci-lint/v2/cmd/golangci-lint '' 'three minutes'
}
built_docs() {
	built tfplugindocs github.com/hashicorp/terraform-plugin-docs "$root/tools" \
		github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs '' 'a minute'
}

# acceptance_environment CLI [SEED] sets what terraform-plugin-testing and the simulated host read.
acceptance_environment() {
	own_environment
	export TF_ACC=1
	export TF_ACC_TERRAFORM_PATH="$1"
	TF_ACC_PROVIDER_HOST=$(registry_host "$(cli_product "$1")")
	export TF_ACC_PROVIDER_HOST
	export TF_CLI_CONFIG_FILE=/dev/null # not the user's ~/.terraformrc
	[ -z "${2:-}" ] || export WINSIM_SEED="$2"
}

# recordings prints the folder with recorded replies of real machines, as the tests look for it; nothing when it is not there.
recordings() {
	folder=${RECORDINGS:-$root/../shared/recordings}
	[ ! -d "$folder" ] || echo "$folder"
}
