// What the pages ask of the API, held against its description: `api.d.ts` is made from `yihu api describe` and not kept.

import type { components, paths } from "./api";

/** A value of the description, by its name. */
export type Shape<N extends keyof components["schemas"]> = components["schemas"][N];

type Path = keyof paths & string;

type Parts<S extends string> = S extends `${infer A}/${infer B}` ? [A, ...Parts<B>] : S extends `${infer A}?${string}` ? [A] : [S];

/** Whether an address is meant by a path, part by part; `{…}` stands for anything. */
type Fits<S extends string[], P extends string[]> = [S, P] extends [[infer A, ...infer B extends string[]], [infer C, ...infer D extends string[]]]
  ? C extends `{${string}}` ? Fits<B, D> : A extends C ? Fits<B, D> : false
  : [S, P] extends [[], []] ? true : false;

/** The path of the description that an address means; `never` where there is none. */
type Known<S extends string> = { [P in Path]: Fits<Parts<S>, Parts<P>> extends true ? P : never }[Path];

type Json<R> = R extends { content: { "application/json": infer B } } ? B : null;

type Operation<S extends string, M extends string> = M extends keyof paths[Known<S>] ? paths[Known<S>][M] : never;

type Answer<O> = O extends { responses: infer R } ? (200 extends keyof R ? Json<R[200]> : 201 extends keyof R ? Json<R[201]> : null) : never;

type Sent<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;

/** Nothing can be asked for that the API has not: its answer is `never`, and its options want what nobody gives. */
type Must<O> = [O] extends [never] ? { "the API has no such operation": true } : unknown;

export type Ask = <S extends string, M extends "GET" | "POST" | "PUT" | "DELETE" = "GET">(
  path: S,
  options?: { method?: M; keepalive?: boolean; body?: Sent<Operation<S, Lowercase<M>>> } & Must<Operation<S, Lowercase<M>>>,
) => Promise<Answer<Operation<S, Lowercase<M>>>>;

export type AskAll = <S extends string>(path: S) => Promise<Answer<Operation<S, "get">>>;
