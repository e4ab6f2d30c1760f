package timeline

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubewake/kubewake/object"
)

func TestOf(t *testing.T) {
	deleted := "metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}\n"
	condition := func(words ...string) string {
		out := "{type: " + words[0] + ", status: '" + words[1] + "'"
		if len(words) > 2 {
			out += ", reason: " + words[2]
		}
		return "status: {conditions: [" + out + "}]}"
	}
	for _, tc := range []struct {
		kind, body string
		want       Class
		text       string
	}{
		// As the column STATUS of kubectl.
		{"Pod", "status: {phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{ready: true, state: {running: {}}}]}", Good, "Running"},
		{"Pod", "status: {phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{ready: false, state: {terminated: {reason: Completed}}}, {ready: true, state: {running: {}}}]}", Good, "Running"},
		{"Pod", "status: {phase: Running, containerStatuses: [{ready: false, state: {terminated: {reason: Completed}}}, {ready: true, state: {running: {}}}]}", Progressing, "NotReady"},
		{"Pod", "spec: {containers: [{name: a}]}\nstatus: {phase: Running, conditions: [{type: Ready, status: 'False', reason: ReadinessGatesNotReady}], containerStatuses: [{ready: true, state: {running: {}}}]}",
			Progressing, "Running, 1 of 1 ready: ReadinessGatesNotReady"},
		{"Pod", "status: {phase: Succeeded, containerStatuses: [{state: {terminated: {reason: Completed, exitCode: 0}}}]}", Done, "Completed"},
		{"Pod", "status: {phase: Failed, reason: Evicted}", Bad, "Evicted"},
		{"Pod", "status: {phase: Failed, containerStatuses: [{state: {terminated: {reason: Error, exitCode: 1}}}]}", Bad, "Error"},
		{"Pod", "status: {phase: Running, containerStatuses: [{state: {terminated: {exitCode: 3}}}]}", Bad, "ExitCode:3"},
		{"Pod", "status: {phase: Running, containerStatuses: [{state: {terminated: {exitCode: 0}}}]}", Progressing, "ExitCode:0"},
		{"Pod", "status: {phase: Running, containerStatuses: [{state: {terminated: {exitCode: 137, signal: 9}}}]}", Bad, "Signal:9"},
		{"Pod", "status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: CreateContainerConfigError}}}]}", Bad, "CreateContainerConfigError"},
		{"Pod", "status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]}", Progressing, "ContainerCreating"},
		{"Pod", "spec: {initContainers: [{name: a}, {name: b}]}\nstatus: {phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: b, state: {running: {}}}]}", Progressing, "Init:1/2"},
		{"Pod", "status: {phase: Pending, initContainerStatuses: [{name: a, state: {waiting: {reason: CrashLoopBackOff}}}]}", Bad, "Init:CrashLoopBackOff"},
		{"Pod", "status: {phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 2}}}]}", Bad, "Init:ExitCode:2"},
		{"Pod", "spec: {initContainers: [{name: proxy, restartPolicy: Always}]}\nstatus: {phase: Running, conditions: [{type: Ready, status: 'True'}], initContainerStatuses: [{name: proxy, started: true, state: {running: {}}}], containerStatuses: [{ready: true, state: {running: {}}}]}", Good, "Running"},
		{"Pod", "status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]}", Bad, "Pending: Unschedulable"},
		{"Pod", "status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]}", Progressing, "SchedulingGated"},
		{"Pod", deleted + "status: {phase: Running}", Deleting, "Terminating"},
		{"Pod", deleted + "status: {phase: Running, reason: NodeLost}", Unknown, "Unknown: NodeLost"},
		{"Pod", "{}", Unknown, ""},

		{"apps Deployment", "metadata: {generation: 2}\nspec: {replicas: 1}\nstatus: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1}", Progressing, "not observed yet"},
		{"apps Deployment", "spec: {replicas: 0}\nstatus: {observedGeneration: 1}", There, "scaled to 0"},
		{"apps Deployment", "spec: {replicas: 3}\nstatus: {replicas: 4, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3}", Progressing, "1 old to go, 3 of 3 ready"},
		{"apps Deployment", "spec: {replicas: 3}\n" + condition("ReplicaFailure", "True", "FailedCreate"), Bad, "0 of 3 ready: FailedCreate"},
		{"apps Deployment", "spec: {replicas: 3, paused: true}\nstatus: {replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3}", Good, "paused, 3 of 3 ready"},
		{"apps ReplicaSet", "spec: {replicas: 2}\nstatus: {replicas: 2, readyReplicas: 1}", Progressing, "0 of 2 ready"},
		{"apps ReplicaSet", "spec: {replicas: 2}\nstatus: {replicas: 3, readyReplicas: 3, availableReplicas: 3}", Progressing, "1 too many"},
		{"apps StatefulSet", "spec: {replicas: 2}\nstatus: {replicas: 2, readyReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b}", Progressing, "1 of 2 updated, 2 ready"},
		{"apps StatefulSet", "spec: {replicas: 2}\nstatus: {replicas: 2, readyReplicas: 2}", Good, "2 of 2 ready"},
		{"apps DaemonSet", "status: {desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 2, numberAvailable: 2}", Progressing, "2 of 3 ready"},
		{"apps DaemonSet", "status: {desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 1, numberReady: 3, numberAvailable: 3}", Progressing, "1 of 3 updated, 3 ready"},
		{"apps DaemonSet", "status: {desiredNumberScheduled: 0}", There, "no node wanted"},
		{"batch Job", condition("Complete", "True"), Done, "Complete"},
		{"batch Job", condition("Failed", "True", "BackoffLimitExceeded"), Bad, "Failed: BackoffLimitExceeded"},
		{"batch Job", "spec: {completions: 3}\nstatus: {active: 1, succeeded: 1, failed: 2}", Progressing, "1 active, 1 of 3 succeeded, 2 failed"},
		{"batch Job", "spec: {suspend: true}", There, "Suspended"},
		{"batch CronJob", "status: {active: [{}]}", Progressing, "1 active"},
		{"batch CronJob", "spec: {suspend: false}", There, "Idle"},

		{"Node", condition("Ready", "True", "KubeletReady"), Good, "Ready"},
		{"Node", "spec: {unschedulable: true}\n" + condition("Ready", "True"), Progressing, "Ready, SchedulingDisabled"},
		{"Node", condition("Ready", "Unknown", "NodeStatusUnknown"), Bad, "NotReady: NodeStatusUnknown"},
		{"Node", "status: {conditions: [{type: MemoryPressure, status: 'True'}, {type: Ready, status: 'True'}]}", Bad, "MemoryPressure"},
		{"PersistentVolumeClaim", "status: {phase: Bound}", Good, "Bound"},
		{"PersistentVolumeClaim", "status: {phase: Bound, conditions: [{type: Resizing, status: 'True'}]}", Progressing, "Bound, Resizing"},
		{"PersistentVolumeClaim", "status: {phase: Lost}", Bad, "Lost"},
		{"PersistentVolume", "status: {phase: Released}", Done, "Released"},
		{"PersistentVolume", "status: {phase: Failed, reason: X}", Bad, "Failed: X"},
		{"Namespace", "status: {phase: Active}", Good, "Active"},
		{"Namespace", deleted + "status: {phase: Terminating, conditions: [{type: NamespaceContentRemaining, status: 'True', reason: SomeResourcesRemain}]}", Deleting, "Terminating: SomeResourcesRemain"},
		{"Namespace", "status: {phase: Terminating, conditions: [{type: NamespaceDeletionDiscoveryFailure, status: 'True'}]}", Bad, "Terminating: NamespaceDeletionDiscoveryFailure"},
		{"Service", "spec: {type: ClusterIP}", There, "ClusterIP"},
		{"Service", "spec: {type: LoadBalancer}", Progressing, "LoadBalancer without an address"},
		{"Service", "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {ingress: [{ip: 10.0.0.1}]}}", Good, "LoadBalancer 10.0.0.1"},
		{"ConfigMap", "data: {a: b}", There, ""},
		{"ConfigMap", "metadata: {deletionTimestamp: x, finalizers: [a/b, c]}", Deleting, "Terminating, waits for a/b and 1 more"},
		{"autoscaling HorizontalPodAutoscaler", "status: {currentReplicas: 3, desiredReplicas: 5}", Progressing, "3 → 5"},
		{"autoscaling HorizontalPodAutoscaler", "status: {currentReplicas: 3, desiredReplicas: 3, conditions: [{type: ScalingLimited, status: 'True', reason: TooManyReplicas}]}", Good, "3, wants more than its maximum"},
		{"autoscaling HorizontalPodAutoscaler", condition("ScalingActive", "False", "FailedGetResourceMetric"), Bad, "does not scale: FailedGetResourceMetric"},
		{"policy PodDisruptionBudget", "status: {currentHealthy: 1, desiredHealthy: 2}", Progressing, "1 of 2 healthy"},
		{"apiextensions.k8s.io CustomResourceDefinition", condition("Established", "True"), Good, "Established"},
		{"apiextensions.k8s.io CustomResourceDefinition", condition("NamesAccepted", "False", "NotAccepted"), Bad, "names not accepted: NotAccepted"},
		{"apiregistration.k8s.io APIService", condition("Available", "False", "MissingEndpoints"), Bad, "not available: MissingEndpoints"},

		// By the conventions of the API.
		{"x.io Thing", "spec: {a: b}", There, ""},
		{"x.io Thing", condition("Ready", "True"), Good, "Ready"},
		{"x.io Thing", condition("Ready", "False", "Waiting"), Progressing, "not Ready: Waiting"},
		{"x.io Thing", condition("Ready", "False", "BuildFailed"), Bad, "not Ready: BuildFailed"},
		{"x.io Thing", condition("Ready", "Unknown", "Why"), Unknown, "Ready not known: Why"},
		{"x.io Thing", condition("Stalled", "True", "Quota"), Bad, "Stalled: Quota"},
		{"x.io Thing", condition("Reconciling", "True", "Reconciling"), Progressing, "Reconciling"},
		{"x.io Thing", condition("Succeeded", "True"), Done, "Succeeded"},
		{"x.io Thing", condition("Progressing", "False"), There, ""},
		{"x.io Thing", condition("Whatever", "True"), There, ""},
		{"x.io Thing", "status: {conditions: [{type: Available, status: 'True'}, {type: Degraded, status: 'True', reason: A}, {type: Progressing, status: 'True'}]}", Bad, "Degraded: A"},
		{"x.io Thing", "metadata: {generation: 2}\nstatus: {conditions: [{type: Ready, status: 'True', observedGeneration: 1}]}", Progressing, "not observed yet"},
		{"x.io Thing", "metadata: {generation: 2}\nstatus: {observedGeneration: 1}", Progressing, "not observed yet"},
		{"x.io Thing", "status: {phase: Provisioning}", Progressing, "Provisioning"},
		{"x.io Thing", "status: {state: ok}", Good, "ok"},
		{"x.io Thing", "status: {phase: Blue}", There, "Blue"},
	} {
		b, err := yaml.YAMLToJSON([]byte(tc.body))
		if err != nil {
			t.Fatalf("%s: %v", tc.body, err)
		}
		v, err := object.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		group, kind, ok := strings.Cut(tc.kind, " ")
		if !ok {
			group, kind = "", group
		}
		if got := Of(group, kind, v); got != (Status{tc.want, tc.text}) {
			t.Errorf("%s\n%s\nis %s %q, want %s %q", tc.kind, tc.body, got.Class, got.Text, tc.want, tc.text)
		}
	}
	if got := Of("", "Pod", nil); got.Class != Unknown {
		t.Errorf("no manifest is %v", got)
	}
}

func kinds() []string {
	return []string{" Pod", " Node", " Namespace", " PersistentVolumeClaim", " PersistentVolume", " Service", " ReplicationController", " Event", "apps Deployment", "apps ReplicaSet",
		"apps StatefulSet", "apps DaemonSet", "batch Job", "batch CronJob", "autoscaling HorizontalPodAutoscaler", "policy PodDisruptionBudget",
		"apiextensions.k8s.io CustomResourceDefinition", "apiregistration.k8s.io APIService", "x.io Thing"}
}

// FuzzDraw: any JSON as the manifest of any kind gives a status with a class and a short text, and rows; nothing panics.
func FuzzDraw(f *testing.F) {
	f.Add([]byte(`{"metadata":{"generation":1,"deletionTimestamp":"x","finalizers":[1]},"spec":{"replicas":"3","containers":{}},"status":{"phase":7,"replicas":-1,"conditions":[{"type":"Ready","status":"True"},{},7,null]}}`))
	f.Add([]byte(`{"status":{"conditions":{"type":"Ready"},"containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":99999999999999999999}}}],"initContainerStatuses":[{"state":{"waiting":{}}}]}}`))
	f.Add([]byte(`{"spec":{"template":{"spec":{"containers":[{"image":"a@sha256:"},{"image":"/"}]}}},"metadata":{"annotations":{"deployment.kubernetes.io/revision":"1"}},"status":{"updateRevision":"-"}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := object.Parse(body)
		if err != nil {
			t.Skip()
		}
		for _, words := range kinds() {
			group, kind, _ := strings.Cut(words, " ")
			s := Of(group, kind, v)
			if s.Class.weight() == 0 && s.Class != There || len(s.Text) > maxText+8 {
				t.Fatalf("%s: %q %q", words, s.Class, s.Text)
			}
			o := &Object{Group: group, Kind: kind, States: []State{{At: 1, Value: v}, {At: 2, Value: nil, Fragment: true}, {At: 3, Value: v, Assumed: true}}, End: &End{At: 9}}
			for _, r := range Draw(o, Frame{To: 10, Bin: 3}, true).Derived {
				if groupOrder(r.Group) < 0 || len(r.Bars)+len(r.Steps) == 0 {
					t.Fatalf("%s: %+v", words, r)
				}
			}
		}
	})
}
