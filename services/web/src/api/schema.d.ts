// Generated from the OpenAPI document by npm run generate. What openapi-fetch reads: every path with what it takes and answers.

export type Limits = { "day": string; "resetsAt": string; "limits": ({ "orgId": string | null; "source": "personal" | "org_pool"; "meter": "api_calls" | "llm_requests"; "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "limit": number; "used": number; "remaining": number; "share": { "size": number; "drawn": number; "kept": number; "members": number } | null; "resetsAt": string })[]; "ceilings": ({ "on": "key" | "member"; "setBy": "holder" | "org"; "limit": number; "used": number; "remaining": number })[]; "concurrency": ({ "orgId": string | null; "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "limit": number })[]; "byok": ({ "orgId": string | null; "scope": "user" | "org"; "used": number; "capacity": number; "state": "free" | "full" | "over" })[] };

export type Usage = { "from": string; "to": string; "total": { "calls": number; "llmRequests": number; "refundedCalls": number; "promptTokens": number; "completionTokens": number; "costNanoUsd": number; "costUsd": string }; "rows": ({ "day": string; "source": "personal" | "org_pool"; "model": string | null; "calls": number; "llmRequests": number; "refundedCalls": number; "promptTokens": number; "completionTokens": number; "costNanoUsd": number; "costUsd": string })[] };

export type UsageHistory = { "interval": "day" | "hour"; "from": string; "to": string; "items": ({ "at": string; "meter"?: "api_calls" | "llm_requests"; "charged"?: number; "source"?: "personal" | "org_pool"; "keyId"?: string; "userId"?: string; "model"?: string | null; "provider"?: string | null; "calls": number; "llmRequests": number; "refundedCalls": number; "promptTokens": number; "completionTokens": number; "costNanoUsd": number; "costUsd": string; "llmRequestsCharged": number; "unpricedCalls": number })[]; "nextCursor": string | null };

export type Consistency = { "meteringConsistency": { "ratio": number; "target": 1; "fromDay": string | null; "toDay": string | null; "checkedBuckets": number; "disagreeingBuckets": number; "firstGap": MeteringGap | null; "missingSeqs": number; "oldestUnledgeredMs": number | null; "behindMs": number }; "conservation": { "gaps": number }; "ledger": { "rows": number; "openRows": number; "overdueRows": number; "unknownRows": number; "oldestOpenMs": number | null }; "measuredAt": string };

export type MeteringGap = { "day": string; "owner": string; "meter": string; "leaseId": string | null; "guarantee": string; "kind": "agreement" | "conservation" | "unknown" | "missing"; "expected": number; "actual": number; "since": string };

export interface paths {
  "/api/tiers": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "currency": "usd"; "tiers": ({ "id": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "name": string; "lineup": "dev" | "regulated"; "perSeat": boolean; "minimumSeats": number; "price": { "month": { "perMonthCents": number; "perIntervalCents": number; "discountPercent": number; "perMonth": string; "display": string }; "year": { "perMonthCents": number; "perIntervalCents": number; "discountPercent": number; "perMonth": string; "display": string } | null }; "limits": { "apiCallsPerDay": number; "llmRequestsPerDay": number; "concurrentRequests": number }; "byok": { "scope": "user" | "org"; "slots": number; "slotsPerSeat": number; "display": string }; "orgBucket": ({ "callsPerSeatPerDay": number | null; "percentOfSeatCalls": number | null; "display": string }) | null; "support": string; "notes": string[] })[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/subscription": {
    get: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "owner": string; "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "planName": string; "interval": "month" | "year"; "seats": number; "activeMembers": number | null; "status": "active" | "trialing" | "past_due" | "canceled"; "version": number; "changedAt": string | null; "payment": ({ "status": string; "renewsAt": string | null; "endsAt": string | null; "trialEndsAt": string | null; "graceEndsAt": string | null; "collectionPaused": boolean; "changePending": boolean; "paymentUrl": string | null; "scheduledChange": ({ "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "interval": "month" | "year"; "seats": number; "at": string }) | null }) | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/checkout": {
    get?: never;
    put?: never;
    post: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "plan"?: "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "interval"?: "month" | "year"; "priceId"?: string; "seats"?: number } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "url": string; "sessionId": string; "expiresAt": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/portal": {
    get?: never;
    put?: never;
    post: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "url": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/change-plan/preview": {
    get?: never;
    put?: never;
    post: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "plan"?: "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "interval"?: "month" | "year"; "seats"?: number } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "timing": "same" | "now" | "period_end"; "target": { "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "interval": "month" | "year"; "seats": number }; "effectiveAt": string | null; "now": { "currency": string; "dueCents": number; "taxCents": number; "lines": { "description": string; "amountCents": number }[]; "prorationDate": number } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/change-plan": {
    get?: never;
    put?: never;
    post: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "plan"?: "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "interval"?: "month" | "year"; "seats"?: number; "prorationDate"?: number } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "outcome": "unchanged" | "changed" | "payment_required" | "scheduled"; "paymentUrl": string | null; "effectiveAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/seats": {
    get?: never;
    put?: never;
    post: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "seats": number; "prorationDate"?: number } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "outcome": "unchanged" | "changed" | "payment_required" | "scheduled"; "paymentUrl": string | null; "effectiveAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/cancel": {
    get?: never;
    put?: never;
    post: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "owner": string; "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "planName": string; "interval": "month" | "year"; "seats": number; "activeMembers": number | null; "status": "active" | "trialing" | "past_due" | "canceled"; "version": number; "changedAt": string | null; "payment": ({ "status": string; "renewsAt": string | null; "endsAt": string | null; "trialEndsAt": string | null; "graceEndsAt": string | null; "collectionPaused": boolean; "changePending": boolean; "paymentUrl": string | null; "scheduledChange": ({ "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "interval": "month" | "year"; "seats": number; "at": string }) | null }) | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/resume": {
    get?: never;
    put?: never;
    post: { parameters: { query?: { "org"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "owner": string; "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "planName": string; "interval": "month" | "year"; "seats": number; "activeMembers": number | null; "status": "active" | "trialing" | "past_due" | "canceled"; "version": number; "changedAt": string | null; "payment": ({ "status": string; "renewsAt": string | null; "endsAt": string | null; "trialEndsAt": string | null; "graceEndsAt": string | null; "collectionPaused": boolean; "changePending": boolean; "paymentUrl": string | null; "scheduledChange": ({ "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "interval": "month" | "year"; "seats": number; "at": string }) | null }) | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/invoices": {
    get: { parameters: { query?: { "org"?: string; "limit"?: number; "after"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "id": string; "number": string | null; "status": string; "currency": string; "totalCents": number; "taxCents": number; "paidCents": number; "dueCents": number; "createdAt": string; "hostedUrl": string | null; "pdfUrl": string | null })[]; "nextAfter": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/webhook": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": unknown } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "received": true; "duplicate": boolean } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/billing/admin/stats": {
    get: { parameters: { query?: { "days"?: number }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "at": string; "from": string; "mrrMicroUsd": number; "arrMicroUsd": number; "subscriptions": number; "trials": number; "pastDue": number; "seats": number; "byPlan": { "plan": string; "interval": string; "subscriptions": number; "seats": number; "mrrMicroUsd": number }[]; "movements": { "new": { "count": number; "microUsd": number }; "expansion": { "count": number; "microUsd": number }; "contraction": { "count": number; "microUsd": number }; "churn": { "count": number; "microUsd": number }; "reactivation": { "count": number; "microUsd": number } }; "usage": { "plan": string; "calls": number; "costMicroUsd": number; "marginMicroUsd": number }[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/events": {
    get: { parameters: { query?: { "orgId"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "text/event-stream": string } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/status": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "state": "operational" | "degraded" | "down"; "parts": ({ "id": "llm_api" | "providers" | "account" | "usage" | "billing"; "name": string; "state": "operational" | "degraded" | "down" })[]; "checkedAt": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/providers": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "provider": string; "modelFamily": string; "state": "closed" | "open" | "half_open"; "routerId": string; "at": string })[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/sign-up": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "email": string } } }; responses: { 202: { headers: Record<string, unknown>; content: { "application/json": { "email": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/password-reset": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "email": string } } }; responses: { 202: { headers: Record<string, unknown>; content: { "application/json": { "email": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/password": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "token": string; "password": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "email": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/sign-in": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "email": string; "password": string; "code"?: string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "userId": string; "email": string; "admin": boolean; "createdAt": string; "expiresAt": string; "authenticatedAt": string | null; "secondFactorAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/sign-out": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/sign-out-everywhere": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/session": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "userId": string; "email": string; "admin": boolean; "createdAt": string; "expiresAt": string; "authenticatedAt": string | null; "secondFactorAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/sessions": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": { "id": string; "current": boolean; "createdAt": string; "lastSeenAt": string; "expiresAt": string; "address": string; "userAgent": string; "secondFactor": boolean }[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/sessions/{sessionId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "sessionId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/reauthenticate": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "password": string; "code"?: string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "userId": string; "email": string; "admin": boolean; "createdAt": string; "expiresAt": string; "authenticatedAt": string | null; "secondFactorAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/change-password": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "newPassword": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "userId": string; "email": string; "admin": boolean; "createdAt": string; "expiresAt": string; "authenticatedAt": string | null; "secondFactorAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/account": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "userId": string; "email": string; "name": string | null; "admin": boolean; "createdAt": string; "passwordChangedAt": string | null; "hasAuthenticator": boolean } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "name": string | null } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "userId": string; "email": string; "name": string | null; "admin": boolean; "createdAt": string; "passwordChangedAt": string | null; "hasAuthenticator": boolean } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    trace?: never;
  };
  "/api/auth/email-change": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "email": string } } }; responses: { 202: { headers: Record<string, unknown>; content: { "application/json": { "email": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/email-change/confirm": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "token": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "userId": string; "email": string; "admin": boolean; "createdAt": string; "expiresAt": string; "authenticatedAt": string | null; "secondFactorAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/totp": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "uri": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/totp/confirm": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "code": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "recoveryCodes": string[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/totp/remove": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "code": string } } }; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/passkeys/options": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "publicKey": { "challenge": string } } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/passkeys": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "id": string; "name": string; "createdAt": string; "lastUsedAt": string | null })[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "name": string; "credential": { "id": string; "rawId": string; "type": "public-key"; "response": { "clientDataJSON": string; "attestationObject": string } } } } }; responses: { 201: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "createdAt": string; "lastUsedAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/passkeys/{passkeyId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "passkeyId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/passkey-sign-in/options": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "publicKey": { "challenge": string } } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/passkey-sign-in": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "credential": { "id": string; "rawId": string; "type": "public-key"; "response": { "clientDataJSON": string; "authenticatorData": string; "signature": string } } } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "userId": string; "email": string; "admin": boolean; "createdAt": string; "expiresAt": string; "authenticatedAt": string | null; "secondFactorAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/methods": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "mail": boolean; "passkeys": boolean; "oidc": { "name": string } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/oidc/start": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "again"?: boolean } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "url": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/oidc/sign-in": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "authorizationCode": string; "state": string; "issuer"?: string; "code"?: string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "userId": string; "email": string; "admin": boolean; "createdAt": string; "expiresAt": string; "authenticatedAt": string | null; "secondFactorAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/identities/start": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "url": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/identities": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "id": string; "issuer": string; "email": string | null; "createdAt": string; "lastUsedAt": string | null })[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "authorizationCode": string; "state": string; "issuer"?: string } } }; responses: { 201: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "issuer": string; "email": string | null; "createdAt": string; "lastUsedAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/auth/identities/{identityId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "identityId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/keys": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number; "orgId"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "id": string; "name": string; "prefix": string; "lastFour": string; "userId": string; "orgId": string | null; "serviceAccountId": string | null; "createdAt": string; "scopes": ("llm" | "usage:read" | "account")[]; "expiresAt": string | null; "allowedModels": string[] | null; "allowedAddresses": string[] | null; "dailyCeiling": number | null; "orgDailyCeiling": number | null; "lastUsedAt": string | null; "previousSecretEndsAt": string | null })[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "name": string; "orgId"?: string | null; "serviceAccountId"?: string | null; "scopes"?: ("llm" | "usage:read" | "account")[]; "expiresAt"?: string | null; "allowedModels"?: string[] | null; "allowedAddresses"?: string[] | null; "dailyCeiling"?: number | null } } }; responses: { 201: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "prefix": string; "lastFour": string; "userId": string; "orgId": string | null; "serviceAccountId": string | null; "createdAt": string; "scopes": ("llm" | "usage:read" | "account")[]; "expiresAt": string | null; "allowedModels": string[] | null; "allowedAddresses": string[] | null; "dailyCeiling": number | null; "orgDailyCeiling": number | null; "lastUsedAt": string | null; "previousSecretEndsAt": string | null; "key": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/keys/{keyId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "keyId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch: { parameters: { query?: never; header?: never; path: { "keyId": string }; cookie?: never }; requestBody: { content: { "application/json": { "name"?: string; "scopes"?: ("llm" | "usage:read" | "account")[]; "expiresAt"?: string | null; "allowedModels"?: string[] | null; "allowedAddresses"?: string[] | null; "dailyCeiling"?: number | null } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "prefix": string; "lastFour": string; "userId": string; "orgId": string | null; "serviceAccountId": string | null; "createdAt": string; "scopes": ("llm" | "usage:read" | "account")[]; "expiresAt": string | null; "allowedModels": string[] | null; "allowedAddresses": string[] | null; "dailyCeiling": number | null; "orgDailyCeiling": number | null; "lastUsedAt": string | null; "previousSecretEndsAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    trace?: never;
  };
  "/api/keys/{keyId}/rotate": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "keyId": string }; cookie?: never }; requestBody: { content: { "application/json": { "overlapSeconds"?: number } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "prefix": string; "lastFour": string; "userId": string; "orgId": string | null; "serviceAccountId": string | null; "createdAt": string; "scopes": ("llm" | "usage:read" | "account")[]; "expiresAt": string | null; "allowedModels": string[] | null; "allowedAddresses": string[] | null; "dailyCeiling": number | null; "orgDailyCeiling": number | null; "lastUsedAt": string | null; "previousSecretEndsAt": string | null; "key": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null })[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "name": string } } }; responses: { 201: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}": {
    get: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null; "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "seats": number; "activeMembers": number; "role": "owner" | "admin" | "member" | "billing"; "active": boolean } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete: { parameters: { query?: { "reason"?: string }; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody: { content: { "application/json": { "name": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    trace?: never;
  };
  "/api/orgs/{orgId}/members": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number }; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "orgId": string; "userId": string; "email": string; "role": "owner" | "admin" | "member" | "billing"; "active": boolean; "dailyCeiling": number | null; "version": number; "createdAt": string })[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/members/{userId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: { "reason"?: string }; header?: never; path: { "orgId": string; "userId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch: { parameters: { query?: never; header?: never; path: { "orgId": string; "userId": string }; cookie?: never }; requestBody: { content: { "application/json": { "role"?: "admin" | "member" | "billing"; "active"?: boolean; "dailyCeiling"?: number | null } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "orgId": string; "userId": string; "email": string; "role": "owner" | "admin" | "member" | "billing"; "active": boolean; "dailyCeiling": number | null; "version": number; "createdAt": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    trace?: never;
  };
  "/api/orgs/{orgId}/keys/{keyId}/ceiling": {
    get?: never;
    put: { parameters: { query?: never; header?: never; path: { "orgId": string; "keyId": string }; cookie?: never }; requestBody: { content: { "application/json": { "dailyCeiling": number | null } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "prefix": string; "lastFour": string; "userId": string; "orgId": string | null; "serviceAccountId": string | null; "createdAt": string; "scopes": ("llm" | "usage:read" | "account")[]; "expiresAt": string | null; "allowedModels": string[] | null; "allowedAddresses": string[] | null; "dailyCeiling": number | null; "orgDailyCeiling": number | null; "lastUsedAt": string | null; "previousSecretEndsAt": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/usage/daily": {
    get: { parameters: { query?: { "from"?: string; "to"?: string }; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "from": string; "to": string; "items": { "day": string; "calls": number; "llmRequests": number; "refundedCalls": number; "promptTokens": number; "completionTokens": number; "costNanoUsd": number; "callers": number }[] } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/tenants": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number; "kind"?: "org" | "user"; "search"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "tenant": string; "kind": "org" | "user"; "id": string; "name": string; "plan": "free" | "pro" | "pro_plus" | "teams" | "enterprise" | "med_pro" | "med_teams" | "med_enterprise" | "sci_pro" | "sci_teams" | "sci_enterprise"; "seats": number; "activeMembers": number | null; "state": "active" | "unverified" | "deletion_pending" | "deleted"; "createdAt": string; "today": { "calls": number; "llmRequests": number; "costNanoUsd": number } })[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/dead-letters": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number; "durable"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": { "durable": string; "seq": number; "eventId": string; "subject": string; "reason": string; "deliveries": number; "at": string; "payload": string }[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/dead-letters/{durable}/{seq}/replay": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "durable": string; "seq": number }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "outcome": "handled" | "duplicate" } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/dead-letters/{durable}/{seq}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "durable": string; "seq": number }; cookie?: never }; requestBody: { content: { "application/json": { "reason": string } } }; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/audit": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number }; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "seq": number; "at": string; "actor": string; "action": string; "target": string; "reason": string | null; "before": (Record<string, string | number | boolean | null>) | null; "after": (Record<string, string | number | boolean | null>) | null; "details": Record<string, string | number | boolean | null>; "hash": string })[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/audit/export": {
    get: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/x-ndjson": string } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/audit": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "seq": number; "at": string; "actor": string; "action": string; "target": string; "reason": string | null; "before": (Record<string, string | number | boolean | null>) | null; "after": (Record<string, string | number | boolean | null>) | null; "details": Record<string, string | number | boolean | null>; "hash": string })[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/audit/export": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/x-ndjson": string } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/invitations": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number }; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "id": string; "orgId": string; "email": string; "role": "admin" | "member" | "billing"; "invitedBy": string; "createdAt": string; "expiresAt": string })[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody: { content: { "application/json": { "email": string; "role": "admin" | "member" | "billing" } } }; responses: { 201: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "orgId": string; "email": string; "role": "admin" | "member" | "billing"; "invitedBy": string; "createdAt": string; "expiresAt": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/invitations/{invitationId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "orgId": string; "invitationId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/invitations/show": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "token": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "orgId": string; "orgName": string; "email": string; "role": "admin" | "member" | "billing"; "expiresAt": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/invitations/accept": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "token": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "orgId": string; "role": "owner" | "admin" | "member" | "billing"; "active": boolean } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/invitations/decline": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "token": string } } }; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/model-rules": {
    get: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "allowedModels": string[] | null; "deniedModels": string[] | null; "allowedProviders": string[] | null; "deniedProviders": string[] | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody: { content: { "application/json": { "allowedModels": string[] | null; "deniedModels": string[] | null; "allowedProviders": string[] | null; "deniedProviders": string[] | null } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "allowedModels": string[] | null; "deniedModels": string[] | null; "allowedProviders": string[] | null; "deniedProviders": string[] | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/restore": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/ownership-offer": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody: { content: { "application/json": { "userId": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/ownership-offer/accept": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "name": string; "ownerUserId": string; "version": number; "createdAt": string; "deletionDueAt": string | null; "offer": { "userId": string; "expiresAt": string } | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/service-accounts": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number }; header?: never; path: { "orgId": string }; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": { "id": string; "orgId": string; "name": string; "createdBy": string; "createdAt": string }[]; "nextCursor": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "orgId": string }; cookie?: never }; requestBody: { content: { "application/json": { "name": string } } }; responses: { 201: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "orgId": string; "name": string; "createdBy": string; "createdAt": string } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/orgs/{orgId}/service-accounts/{serviceAccountId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "orgId": string; "serviceAccountId": string }; cookie?: never }; requestBody?: never; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/byok": {
    get: { parameters: { query?: { "cursor"?: string; "limit"?: number; "orgId"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "items": ({ "id": string; "provider": string; "label": string; "lastFour": string; "orgId": string | null; "addedBy": string; "order": number; "status": "valid" | "invalid" | "unverified"; "state": "active" | "blocked" | "disabled"; "allowedModels": string[] | null; "allowedMembers": string[] | null; "version": number; "createdAt": string; "checkedAt": string | null; "blockedSince": string | null })[]; "nextCursor": string | null; "scope": "user" | "org"; "used": number; "capacity": number; "fallback": boolean } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "provider": string; "key": string; "label"?: string; "orgId"?: string; "allowedModels"?: string[] | null; "allowedMembers"?: string[] | null } } }; responses: { 201: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "provider": string; "label": string; "lastFour": string; "orgId": string | null; "addedBy": string; "order": number; "status": "valid" | "invalid" | "unverified"; "state": "active" | "blocked" | "disabled"; "allowedModels": string[] | null; "allowedMembers": string[] | null; "version": number; "createdAt": string; "checkedAt": string | null; "blockedSince": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/byok-settings": {
    get?: never;
    put: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { "application/json": { "fallback": boolean; "orgId"?: string } } }; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/byok/{credentialId}": {
    get?: never;
    put?: never;
    post?: never;
    delete: { parameters: { query?: never; header?: never; path: { "credentialId": string }; cookie?: never }; requestBody: { content: { "application/json": { "reason": string } } }; responses: { 204: { headers: Record<string, unknown>; content?: never }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    options?: never;
    head?: never;
    patch: { parameters: { query?: never; header?: never; path: { "credentialId": string }; cookie?: never }; requestBody: { content: { "application/json": { "label"?: string; "order"?: number; "allowedModels"?: string[] | null; "allowedMembers"?: string[] | null } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "provider": string; "label": string; "lastFour": string; "orgId": string | null; "addedBy": string; "order": number; "status": "valid" | "invalid" | "unverified"; "state": "active" | "blocked" | "disabled"; "allowedModels": string[] | null; "allowedMembers": string[] | null; "version": number; "createdAt": string; "checkedAt": string | null; "blockedSince": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    trace?: never;
  };
  "/api/byok/{credentialId}/rotate": {
    get?: never;
    put?: never;
    post: { parameters: { query?: never; header?: never; path: { "credentialId": string }; cookie?: never }; requestBody: { content: { "application/json": { "key": string } } }; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": { "id": string; "provider": string; "label": string; "lastFour": string; "orgId": string | null; "addedBy": string; "order": number; "status": "valid" | "invalid" | "unverified"; "state": "active" | "blocked" | "disabled"; "allowedModels": string[] | null; "allowedMembers": string[] | null; "version": number; "createdAt": string; "checkedAt": string | null; "blockedSince": string | null } } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/limits": {
    get: { parameters: { query?: { "orgId"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": Limits } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/usage": {
    get: { parameters: { query?: { "from"?: string; "to"?: string; "scope"?: "own" | "org"; "orgId"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": Usage } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/usage/history": {
    get: { parameters: { query?: { "interval"?: "day" | "hour"; "from"?: string; "to"?: string; "groupBy"?: string; "scope"?: "own" | "org"; "orgId"?: string; "keyId"?: string; "userId"?: string; "source"?: "personal" | "org_pool"; "model"?: string; "provider"?: string; "limit"?: number; "cursor"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": UsageHistory } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/usage/history.csv": {
    get: { parameters: { query?: { "interval"?: "day" | "hour"; "from"?: string; "to"?: string; "groupBy"?: string; "scope"?: "own" | "org"; "orgId"?: string; "keyId"?: string; "userId"?: string; "source"?: "personal" | "org_pool"; "model"?: string; "provider"?: string }; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "text/csv": string } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/operator/consistency": {
    get: { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody?: never; responses: { 200: { headers: Record<string, unknown>; content: { "application/json": Consistency } }; default: { headers: Record<string, unknown>; content: { "application/problem+json": unknown } } } };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
