//go:build tools

// Programs that are built from their own packages.
package daemons

import (
	_ "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"
)
