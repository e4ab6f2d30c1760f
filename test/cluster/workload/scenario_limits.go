// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// playAdmission has a policy refuse a Deployment that is too large; bob gets around it with the scale subresource, which the
// policy forgot.
func playAdmission(ctx context.Context, p *play) error {
	name := "replicas-" + p.id
	policies, deployments := p.as(gitops).AdmissionregistrationV1(), p.as(alice).AppsV1().Deployments(p.namespace)
	at(ctx, "policy")
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
			Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}},
		}}}},
		Validations: []admissionv1.Validation{{Expression: "object.spec.replicas <= 5", Message: "at most five replicas"}},
	}}
	if _, err := policies.ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		return err
	}
	here := metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: p.namespace}} // nobody else is to be disturbed
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}, MatchResources: &admissionv1.MatchResources{NamespaceSelector: &here},
	}}
	if _, err := policies.ValidatingAdmissionPolicyBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return err
	}
	tryFirst := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	at(ctx, "dry run")
	if _, err := deployments.Create(ctx, p.deployment("modest", 2), tryFirst); err != nil {
		return err
	}
	at(ctx, "create")
	if _, err := deployments.Create(ctx, p.deployment("modest", 2), metav1.CreateOptions{}); err != nil {
		return err
	}
	refused := func(err error) bool { return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) }
	at(ctx, "dry run")
	if err := soon(ctx, 20*time.Second, func(ctx context.Context) (bool, error) { // a policy takes a moment
		_, err := deployments.Create(ctx, p.deployment("greedy", 9), tryFirst)
		return refused(err), ignore(err, refused)
	}); err != nil {
		return err
	}
	at(ctx, "too large")
	if err := tolerate(refused)(deployments.Create(ctx, p.deployment("greedy", 9), metav1.CreateOptions{})); err != nil {
		return err
	}
	at(ctx, "around the policy")
	scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "modest", Namespace: p.namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: 7}}
	if _, err := p.as(bob).AppsV1().Deployments(p.namespace).UpdateScale(ctx, "modest", scale, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := soon(ctx, 20*time.Second, p.rolledOut("modest")); err != nil {
		return err
	}
	at(ctx, "take the policy away")
	if err := policies.ValidatingAdmissionPolicyBindings().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return policies.ValidatingAdmissionPolicies().Delete(ctx, name, metav1.DeleteOptions{})
}

// asking is a deployment whose pods request so many CPUs.
func (p *play) asking(name string, replicas, cpus int) *appsv1.Deployment {
	d := p.deployment(name, replicas)
	d.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: *resource.NewQuantity(int64(cpus), resource.DecimalSI)}
	return d
}

// playQuota asks for more than there is: of nodes, and of the namespace's quota; then both are mended.
func playQuota(ctx context.Context, p *play) error {
	deployments := p.as(alice).AppsV1().Deployments(p.namespace)
	at(ctx, "quota")
	quota := &corev1.ResourceQuota{ObjectMeta: p.meta("few-pods"), Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("3")}}}
	if _, err := p.as(gitops).CoreV1().ResourceQuotas(p.namespace).Create(ctx, quota, metav1.CreateOptions{}); err != nil {
		return err
	}
	at(ctx, "more than a node has")
	if _, err := deployments.Create(ctx, p.asking("huge", 1, 1000), metav1.CreateOptions{}); err != nil {
		return err
	}
	p.pause(ctx, time.Second, 2*time.Second)
	at(ctx, "look into what does not run")
	if err := p.execNowhere(ctx, "huge"); err != nil {
		return err
	}
	at(ctx, "more than the quota has")
	if _, err := deployments.Create(ctx, p.deployment("many", 4), metav1.CreateOptions{}); err != nil {
		return err
	}
	p.pause(ctx, 3*time.Second, 5*time.Second)
	at(ctx, "raise the quota")
	if _, err := p.as(gitops).CoreV1().ResourceQuotas(p.namespace).Patch(ctx, quota.Name, types.MergePatchType, []byte(`{"spec":{"hard":{"pods":"10"}}}`), metav1.PatchOptions{}); err != nil {
		return err
	}
	at(ctx, "ask for less")
	small := `{"spec":{"template":{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"100m"}}}]}}}}`
	if err := p.patchDeployment(ctx, p.as(alice), "huge", small); err != nil {
		return err
	}
	for _, name := range []string{"huge", "many"} {
		if err := soon(ctx, 30*time.Second, p.rolledOut(name)); err != nil {
			return err
		}
	}
	at(ctx, "selector and labels differ")
	invalid := p.deployment("invalid", 1)
	invalid.Spec.Selector = selector("other")
	return tolerate(apierrors.IsInvalid)(deployments.Create(ctx, invalid, metav1.CreateOptions{}))
}

// execNowhere opens a shell in a pod of the deployment that no node runs yet, which is refused.
func (p *play) execNowhere(ctx context.Context, deployment string) error {
	who := p.as(alice).CoreV1()
	pods, err := who.Pods(p.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + deployment})
	if err != nil || len(pods.Items) == 0 {
		return err
	}
	exec := who.RESTClient().Get().Namespace(p.namespace).Resource("pods").Name(pods.Items[0].Name).SubResource("exec")
	return ignore(exec.Param("command", "ls").Param("stdout", "true").Do(ctx).Error(), apierrors.IsBadRequest)
}

// playPreemption fills a node with pods of little priority, which pods of the usual one then displace. Priorities below zero
// keep everybody else's pods out of it.
func playPreemption(ctx context.Context, p *play) error {
	release, err := p.holdNodes(ctx)
	if err != nil {
		return err
	}
	defer release()
	node, err := p.node(ctx)
	if err != nil {
		return err
	}
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "spare-" + p.id}, Value: -100, Description: "goes when anybody else wants to come"}
	at(ctx, "class")
	if _, err := p.as(gitops).SchedulingV1().PriorityClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		return err
	}
	deployments := p.as(alice).AppsV1().Deployments(p.namespace)
	create := func(name, class string) error {
		d := p.asking(name, 2, 12) // two of them leave no room for another on a fake node of 32
		d.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
		d.Spec.Template.Spec.PriorityClassName = class
		if _, err := deployments.Create(ctx, d, metav1.CreateOptions{}); err != nil {
			return err
		}
		return soon(ctx, 30*time.Second, p.rolledOut(name))
	}
	at(ctx, "low")
	if err := create("low", class.Name); err != nil {
		return err
	}
	at(ctx, "high")
	if err := create("high", ""); err != nil {
		return err
	}
	at(ctx, "make room again")
	if err := deployments.Delete(ctx, "high", metav1.DeleteOptions{}); err != nil {
		return err
	}
	if err := soon(ctx, 20*time.Second, p.rolledOut("low")); err != nil {
		return err
	}
	return p.as(gitops).SchedulingV1().PriorityClasses().Delete(ctx, class.Name, metav1.DeleteOptions{})
}

// playElection has two robots keep a Lease, as controllers elect their leader: one renews it, the other comes too late, and then takes it over.
func playElection(ctx context.Context, p *play) error {
	const name = "leader"
	leases := func(robot string) func(change func(*coordinationv1.Lease)) error {
		of := p.as(robot).CoordinationV1().Leases(p.namespace)
		return func(change func(*coordinationv1.Lease)) error {
			return edit(ctx, func() (*coordinationv1.Lease, error) { return of.Get(ctx, name, metav1.GetOptions{}) }, change,
				func(l *coordinationv1.Lease) error { _, err := of.Update(ctx, l, metav1.UpdateOptions{}); return err })
		}
	}
	now := func() *metav1.MicroTime { return ptr.To(metav1.NowMicro()) }
	at(ctx, "acquire")
	first, err := p.as(operatorA).CoordinationV1().Leases(p.namespace).Create(ctx, &coordinationv1.Lease{ObjectMeta: p.meta(name), Spec: coordinationv1.LeaseSpec{
		HolderIdentity: ptr.To(operatorA), LeaseDurationSeconds: ptr.To(int32(15)), AcquireTime: now(), RenewTime: now(), LeaseTransitions: ptr.To(int32(0)),
	}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	for n := range p.between(3, 5) {
		p.pause(ctx, time.Second, 2*time.Second)
		at(ctx, fmt.Sprintf("renew %d", n+1))
		if err := leases(operatorA)(func(l *coordinationv1.Lease) { l.Spec.RenewTime = now() }); err != nil {
			return err
		}
	}
	at(ctx, "too late")
	first.Spec.HolderIdentity = ptr.To(operatorB)
	if err := tolerate(apierrors.IsConflict)(p.as(operatorB).CoordinationV1().Leases(p.namespace).Update(ctx, first, metav1.UpdateOptions{})); err != nil {
		return err
	}
	at(ctx, "take over")
	return leases(operatorB)(func(l *coordinationv1.Lease) {
		l.Spec.HolderIdentity, l.Spec.AcquireTime, l.Spec.RenewTime, l.Spec.LeaseTransitions = ptr.To(operatorB), now(), now(), ptr.To(int32(1))
	})
}
