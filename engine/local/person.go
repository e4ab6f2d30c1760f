package local

import "strings"

// isPerson reports whether a user name is that of a person, as far as names tell. Kubernetes keeps "system:" for itself: components, nodes and
// service accounts. The managed clouds' own agents, and kwok's nodes, go by names that nobody is given. Whatever else authenticates, an administrator's certificate included, is
// taken for a person.
func isPerson(user string) bool {
	if user == "" || strings.HasPrefix(user, "system:") || strings.HasSuffix(user, ".gserviceaccount.com") {
		return false
	}
	for _, agent := range [...]string{"eks:", "aks-", "aksService", "acsService", "gke-", "container-engine-", "kwok"} {
		if strings.HasPrefix(user, agent) {
			return false
		}
	}
	return true
}

// byPerson reports whether a person made a request: as herself, through somebody who acts for her, or acting as another.
func byPerson(user, impersonator string) bool { return isPerson(user) || isPerson(impersonator) }
