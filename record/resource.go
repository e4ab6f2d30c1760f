package record

import "strings"

// GuessResource gives the resource's name for a kind, "Deployment" -> "deployments", by the rule that
// kubectl and CRDs follow by default. It is right for every built-in kind; a CRD may
// name its plural otherwise, so a resource that a source states always beats a guessed one.
func GuessResource(kind string) string {
	s := strings.ToLower(kind)
	switch {
	case s == "", strings.HasSuffix(s, "endpoints"):
		return s
	case strings.HasSuffix(s, "s"), strings.HasSuffix(s, "x"), strings.HasSuffix(s, "ch"), strings.HasSuffix(s, "sh"):
		return s + "es"
	case strings.HasSuffix(s, "y") && !strings.HasSuffix(s, "ay") && !strings.HasSuffix(s, "ey") && !strings.HasSuffix(s, "oy"):
		return s[:len(s)-1] + "ies"
	}
	return s + "s"
}
