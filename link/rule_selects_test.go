package link

import (
	"fmt"
	"testing"
)

func service(spec string) string {
	return `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"shop"},"spec":` + spec + `}`
}

func budget(version, spec string) string {
	return fmt.Sprintf(`{"apiVersion":"policy/%s","kind":"PodDisruptionBudget","metadata":{"name":"b","namespace":"shop"},"spec":%s}`, version, spec)
}

func policy(spec string) string {
	return `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"n","namespace":"shop"},"spec":` + spec + `}`
}

func TestServiceSelector(t *testing.T) { testClaims(t, serviceSelectorCases()) }

func serviceSelectorCases() []claimCase {
	return []claimCase{
		{"labels in order", service(`{"selector":{"tier":"front","app":"web"}}`), []string{"↓selects pods shop/{app=web,tier=front}"}},
		{"an empty value", service(`{"selector":{"app":""}}`), []string{"↓selects pods shop/{app=}"}},
		{"friends: none, empty, null", service(`{"clusterIP":"None"}`), nil},
		{"friends: empty", service(`{"selector":{}}`), nil},
		{"friends: null", service(`{"selector":null}`), nil},
		{"friends: another host's name", service(`{"type":"ExternalName","externalName":"x.example","selector":{"app":"web"}}`), nil},
		{"friends: a LabelSelector", service(`{"selector":{"matchLabels":{"app":"web"}}}`), nil},
		{"invalid: a value", service(`{"selector":{"app":"a b"}}`), nil},
		{"invalid: a key", service(`{"selector":{"-/":"a"}}`), nil},
		{"invalid: a number", service(`{"selector":{"app":7}}`), nil},
		{"friends: another kind", `{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"s","namespace":"shop"},"spec":{"selector":{"app":"web"}}}`, nil},
	}
}

func TestBudgetSelector(t *testing.T) { testClaims(t, budgetSelectorCases()) }

func budgetSelectorCases() []claimCase {
	return []claimCase{
		{"labels", budget("v1", `{"selector":{"matchLabels":{"app":"web"}}}`), []string{"↓selects pods shop/{app=web}"}},
		{"expressions", budget("v1", `{"selector":{"matchLabels":{"app":"web"},"matchExpressions":[
			{"key":"tier","operator":"In","values":["b","a","b"]},{"key":"zone","operator":"NotIn","values":["x","w"]},{"key":"one","operator":"In","values":["1"]},
			{"key":"not","operator":"NotIn","values":["1"]},{"key":"there","operator":"Exists"},{"key":"gone","operator":"DoesNotExist","values":[]},{"key":"app","operator":"In","values":["web"]}]}}`),
			[]string{"↓selects pods shop/{!gone,app=web,not!=1,one=1,there,tier in (a,b),zone notin (w,x)}"}},
		{"empty selects all", budget("v1", `{"selector":{}}`), []string{"↓selects pods shop/{}"}},
		{"friends: empty selected none in v1beta1", budget("v1beta1", `{"selector":{}}`), nil},
		{"friends: none at all", budget("v1", `{"minAvailable":1}`), nil},
		{"friends: null", budget("v1", `{"selector":null}`), nil},
		{"invalid: an operator", budget("v1", `{"selector":{"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]}}`), nil},
		{"invalid: In without values", budget("v1", `{"selector":{"matchExpressions":[{"key":"a","operator":"In"}]}}`), nil},
		{"invalid: Exists with values", budget("v1", `{"selector":{"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]}}`), nil},
		{"invalid beside valid", budget("v1", `{"selector":{"matchLabels":{"app":"web"},"matchExpressions":[{"operator":"Exists"}]}}`), nil},
		{"invalid: a value that is no text", budget("v1", `{"selector":{"matchExpressions":[{"key":"a","operator":"In","values":[1]}]}}`), nil},
	}
}

func TestPolicySelector(t *testing.T) { testClaims(t, policySelectorCases()) }

func policySelectorCases() []claimCase {
	return []claimCase{
		{"labels", policy(`{"podSelector":{"matchLabels":{"app":"web"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"other"}}}]}]}`), []string{"↓selects pods shop/{app=web}"}},
		{"empty selects all", policy(`{"podSelector":{}}`), []string{"↓selects pods shop/{}"}},
		{"none selects all", policy(`{"policyTypes":["Ingress"]}`), []string{"↓selects pods shop/{}"}},
		{"invalid", policy(`{"podSelector":{"matchLabels":{"app":"a,b"}}}`), nil},
		{"friends: no spec", `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"n","namespace":"shop"}}`, nil},
	}
}
