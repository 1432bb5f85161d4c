"""A class and its workload, as short as they can be."""

CLASS_AND_WORKLOAD = b"""\
apiVersion: oaas.io/v1alpha1
kind: ClassRuntime
metadata: {name: echo}
spec: {observability: {enabled: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: echo, labels: {oaas.io/owner: echo}}
spec: {template: {spec: {containers: [{name: function, image: echo}]}}}
"""
