/* Tests of the interpreter of PTX: small kernels whose results are known. */
#include "ptx.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(int holds, const char *what) {
    if (holds) return;
    printf("FAILED: %s\n", what);
    failures++;
}

#define HEAD(shared) ".version 8.7\n.target sm_90a\n.address_size 64\n" shared ".visible .entry tested(\n"
#define POINTERS "\t.param .u64 .ptr .global .align 1 tested_param_0,\n\t.param .u64 .ptr .global .align 1 tested_param_1\n)\n"

static void run(const char *image, unsigned blocks, unsigned threads, size_t shared, void **parameters) {
    char why[256];
    struct ptx_module *module = ptx_load(image, why, sizeof why);
    if (!module) {
        check(0, why);
        return;
    }
    const struct ptx_kernel *kernel = ptx_find(module, "tested");
    check(kernel != NULL && !ptx_find(module, "other"), "kernels are found by name");
    unsigned grid[3] = {blocks, 1, 1}, block[3] = {threads, 1, 1};
    void *packed = malloc(ptx_parameter_bytes(kernel) + 1);
    ptx_pack(kernel, parameters, packed);
    check(ptx_run(kernel, grid, block, shared, packed), "it runs");
    free(packed);
}

/* A loop, a predicate, a parameter of several bytes, and fused products. */
static void strided_sums(void) {
    const char *image = HEAD("")
        "\t.param .u64 .ptr .global .align 1 tested_param_0,\n\t.param .align 8 .b8 tested_param_1[16]\n)\n.reqntid 4, 1, 1\n{\n"
        "\t.reg .pred %p<3>;\n\t.reg .b32 %r<8>;\n\t.reg .b64 %rd<6>;\n"
        "\tld.param.b64 %rd1, [tested_param_0];\n\tmov.b64 %rd2, tested_param_1;\n\tld.param.b32 %r1, [%rd2+4];\n"
        "\tmov.u32 %r2, %tid.x;\n\tmov.b32 %r3, 0f3F800000;\n\tmov.u32 %r4, %r2;\n"
        "$L_loop:\n\tsetp.ge.u32 %p1, %r4, %r1;\n\t@%p1 bra $L_end;\n\tcvt.rn.f32.u32 %r5, %r4;\n"
        "\tfma.rn.f32 %r3, %r5, 0f40000000, %r3;\n\tadd.s32 %r4, %r4, 4;\n\tbra.uni $L_loop;\n"
        "$L_end:\n\tsetp.ne.b32 %p2, %r2, 2;\n\tmul.wide.u32 %rd3, %r2, 4;\n\tadd.s64 %rd4, %rd1, %rd3;\n"
        "\t@%p2 st.global.b32 [%rd4], %r3;\n\t@!%p2 st.global.b32 [%rd4], %r1;\n\tret;\n}\n";
    float out[4] = {0};
    uint64_t pointer = (uint64_t)(uintptr_t)out;
    uint32_t sizes[4] = {7, 10, 0, 0};
    void *parameters[] = {&pointer, sizes};
    run(image, 1, 4, 0, parameters);
    uint32_t third;
    memcpy(&third, &out[2], 4);
    check(out[0] == 1 + 2 * (0 + 4 + 8) && out[1] == 1 + 2 * (1 + 5 + 9) && out[3] == 1 + 2 * (3 + 7), "sums of a loop");
    check(third == 10, "a predicate chooses");
}

/* Threads of two blocks give values to each other behind a barrier. */
static void reversed(void) {
    const char *image = HEAD(".extern .shared .align 16 .b8 held[];\n") POINTERS
        "{\n\t.reg .b32 %r<9>;\n\t.reg .b64 %rd<9>;\n"
        "\tld.param.b64 %rd1, [tested_param_0];\n\tld.param.b64 %rd2, [tested_param_1];\n\tmov.u32 %r1, %tid.x;\n"
        "\tmov.u32 %r2, %ctaid.x;\n\tmad.lo.s32 %r3, %r2, 64, %r1;\n\tmul.wide.u32 %rd3, %r3, 4;\n\tadd.s64 %rd4, %rd1, %rd3;\n"
        "\tld.global.nc.b32 %r4, [%rd4];\n\tmov.b64 %rd5, held;\n\tmul.wide.u32 %rd6, %r1, 4;\n\tadd.s64 %rd7, %rd5, %rd6;\n"
        "\tst.shared.b32 [%rd7], %r4;\n\tbar.sync 0;\n\tsub.s32 %r5, 63, %r1;\n\tmul.wide.u32 %rd6, %r5, 4;\n"
        "\tadd.s64 %rd7, %rd5, %rd6;\n\tld.shared.b32 %r6, [%rd7];\n\tadd.s64 %rd8, %rd2, %rd3;\n\tst.global.b32 [%rd8], %r6;\n\tret;\n}\n";
    uint32_t in[128], out[128];
    for (uint32_t i = 0; i < 128; i++) in[i] = 3 * i;
    uint64_t pointers[2] = {(uint64_t)(uintptr_t)in, (uint64_t)(uintptr_t)out};
    void *parameters[] = {&pointers[0], &pointers[1]};
    run(image, 2, 64, 256, parameters);
    int holds = 1;
    for (uint32_t i = 0; i < 128; i++) holds &= out[i] == 3 * (i / 64 * 64 + 63 - i % 64);
    check(holds, "a barrier");
}

/* All threads of two blocks add to one value. */
static void added_up(void) {
    const char *image = HEAD("") POINTERS
        "{\n\t.reg .b32 %r<4>;\n\t.reg .b64 %rd<3>;\n"
        "\tld.param.b64 %rd1, [tested_param_0];\n\tld.param.b64 %rd2, [tested_param_1];\n\tmov.u32 %r1, %tid.x;\n"
        "\tcvt.rn.f32.u32 %r2, %r1;\n\tatom.global.add.f32 %r3, [%rd1], %r2;\n\tred.global.max.u32 [%rd2], %r1;\n\tret;\n}\n";
    float sum = 0.5f;
    uint32_t most = 7;
    uint64_t pointers[2] = {(uint64_t)(uintptr_t)&sum, (uint64_t)(uintptr_t)&most};
    void *parameters[] = {&pointers[0], &pointers[1]};
    run(image, 2, 40, 0, parameters);
    check(sum == 0.5f + 2 * 39 * 20 && most == 39, "atomic operations");
}

/* The sum of a warp, by exchanges. */
static void warp_sum(void) {
    const char *image = HEAD("") POINTERS
        "{\n\t.reg .pred %p<2>;\n\t.reg .b32 %r<9>;\n\t.reg .b64 %rd<9>;\n"
        "\tld.param.b64 %rd2, [tested_param_1];\n\tmov.u32 %r1, %tid.x;\n\tmov.u32 %r2, %r1;\n\tmov.b32 %r3, 16;\n"
        "$L_next:\n\tactivemask.b32 %r4;\n\tshfl.sync.bfly.b32 %r5|%p1, %r2, %r3, 31, %r4;\n\tadd.s32 %r2, %r2, %r5;\n"
        "\tshr.u32 %r3, %r3, 1;\n\tsetp.ne.b32 %p1, %r3, 0;\n\t@%p1 bra $L_next;\n"
        "\tmul.wide.u32 %rd3, %r1, 4;\n\tadd.s64 %rd4, %rd2, %rd3;\n\tst.global.b32 [%rd4], %r2;\n\tret;\n}\n";
    uint32_t out[64];
    uint64_t pointers[2] = {0, (uint64_t)(uintptr_t)out};
    void *parameters[] = {&pointers[0], &pointers[1]};
    run(image, 1, 64, 0, parameters);
    int holds = 1;
    for (uint32_t i = 0; i < 64; i++) holds &= out[i] == (i < 32 ? 31 * 16 : 31 * 16 + 32 * 32);
    check(holds, "exchanges of a warp");
}

/* Ties are rounded to even, and pairs are packed. */
static void bfloat16(void) {
    const char *image = HEAD("") POINTERS
        "{\n\t.reg .pred %p<3>;\n\t.reg .b16 %rs<4>;\n\t.reg .b32 %r<9>;\n\t.reg .b64 %rd<4>;\n"
        "\tld.param.b64 %rd1, [tested_param_0];\n\tld.param.b64 %rd2, [tested_param_1];\n"
        "\tld.global.v2.b32 {%r1, %r2}, [%rd1];\n\tcvt.rn.bf16.f32 %rs1, %r1;\n\tcvt.f32.bf16 %r3, %rs1;\n\tst.global.b32 [%rd2], %r3;\n"
        "\tcvt.rn.bf16x2.f32 %r4, %r1, %r2;\n\tmov.b32 {%rs2, %rs3}, %r4;\n\tcvt.f32.bf16 %r5, %rs2;\n\tcvt.f32.bf16 %r6, %rs3;\n"
        "\tst.global.v2.b32 [%rd2+4], {%r5, %r6};\n\tmov.b32 %r7, 0x3f803f81;\n\tsetp.lt.bf16x2 %p1|%p2, %r7, %r4;\n"
        "\tselp.b32 %r8, 3, 4, %p1;\n\tst.global.b32 [%rd2+12], %r8;\n\tselp.b32 %r8, 3, 4, %p2;\n\tst.global.b32 [%rd2+16], %r8;\n"
        "\tret;\n}\n";
    float in[2] = {1 + 0x1p-8f, 1 + 0x3p-8f}, out[5] = {0};
    uint64_t pointers[2] = {(uint64_t)(uintptr_t)in, (uint64_t)(uintptr_t)out};
    void *parameters[] = {&pointers[0], &pointers[1]};
    run(image, 1, 1, 0, parameters);
    check(out[0] == 1 && out[1] == 1 + 0x1p-6f && out[2] == 1, "rounding to bfloat16");
    uint32_t halves[2];
    memcpy(halves, &out[3], 8);
    check(halves[0] == 3 && halves[1] == 4, "comparisons of pairs");
}

/* A product of tensor cores, 16x16 by 16x8, whose operands come from shared memory: values that bfloat16 has. */
static void product(void) {
    const char *image = HEAD(".extern .shared .align 16 .b8 held[];\n") POINTERS
        "{\n\t.reg .pred %p<2>;\n\t.reg .b16 %rs<2>;\n\t.reg .b32 %r<40>;\n\t.reg .b64 %rd<12>;\n"
        "\tld.param.b64 %rd1, [tested_param_0];\n\tld.param.b64 %rd2, [tested_param_1];\n\tmov.b64 %rd3, held;\n\tmov.u32 %r1, %tid.x;\n"
        "\tmov.u32 %r2, %r1;\n"
        "$L_copy:\n\tmul.wide.u32 %rd4, %r2, 2;\n\tadd.s64 %rd5, %rd1, %rd4;\n\tadd.s64 %rd6, %rd3, %rd4;\n\tld.global.b16 %rs1, [%rd5];\n"
        "\tst.shared.b16 [%rd6], %rs1;\n\tadd.s32 %r2, %r2, 32;\n\tsetp.lt.u32 %p1, %r2, 384;\n\t@%p1 bra $L_copy;\n\tbar.warp.sync -1;\n"
        /* The left operand is four matrices, 16 values a line; the right one two, 8 values a line. */
        "\tand.b32 %r3, %r1, 15;\n\tshr.u32 %r4, %r1, 4;\n\tshl.b32 %r5, %r3, 5;\n\tshl.b32 %r6, %r4, 4;\n\tadd.s32 %r7, %r5, %r6;\n"
        "\tcvt.u64.u32 %rd7, %r7;\n\tadd.s64 %rd8, %rd3, %rd7;\n\tcvta.to.shared.u64 %rd9, %rd8;\n"
        "\tldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%rd9];\n"
        "\tshl.b32 %r8, %r3, 4;\n\tcvt.u64.u32 %rd7, %r8;\n\tadd.s64 %rd8, %rd3, %rd7;\n"
        "\tldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r14, %r15}, [%rd8+512];\n"
        "\tmov.b32 %r20, 0f3F800000;\n"
        "\tmma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%r21, %r22, %r23, %r24}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, "
        "{%r20, %r20, %r20, %r20};\n"
        "\tshr.u32 %r30, %r1, 2;\n\tand.b32 %r31, %r1, 3;\n\tshl.b32 %r32, %r30, 5;\n\tshl.b32 %r33, %r31, 3;\n\tadd.s32 %r34, %r32, %r33;\n"
        "\tcvt.u64.u32 %rd10, %r34;\n\tadd.s64 %rd11, %rd2, %rd10;\n\tst.global.v2.b32 [%rd11], {%r21, %r22};\n"
        "\tst.global.v2.b32 [%rd11+256], {%r23, %r24};\n\tret;\n}\n";
    uint16_t in[384];
    float values[384], out[128];
    for (int i = 0; i < 384; i++) {
        values[i] = (float)((i * 7) % 23 - 11);
        uint32_t bits;
        memcpy(&bits, &values[i], 4);
        in[i] = (uint16_t)(bits >> 16);
    }
    uint64_t pointers[2] = {(uint64_t)(uintptr_t)in, (uint64_t)(uintptr_t)out};
    void *parameters[] = {&pointers[0], &pointers[1]};
    run(image, 1, 32, 768, parameters);
    int holds = 1;
    for (int row = 0; row < 16; row++)
        for (int column = 0; column < 8; column++) {
            float sum = 1;
            for (int k = 0; k < 16; k++) sum += values[row * 16 + k] * values[256 + k * 8 + column];
            holds &= out[row * 8 + column] == sum;
        }
    check(holds, "a product of tensor cores");
}

static void refused(const char *line, const char *wanted) {
    char image[1024], why[256] = "";
    snprintf(image, sizeof image, HEAD("") POINTERS "{\n\t.reg .b32 %%r<4>;\n\t%s\n\tret;\n}\n", line);
    check(!ptx_load(image, why, sizeof why) && strstr(why, wanted), wanted);
}

int main(void) {
    strided_sums();
    reversed();
    added_up();
    warp_sum();
    bfloat16();
    product();
    refused("wgmma.fence.sync.aligned;", "an unknown instruction");
    refused("add.s32 %r1, %r2, %q3;", "an unknown register");
    refused("bra $L_nowhere;", "an unknown label");
    refused("add.weird.s32 %r1, %r2, %r3;", "an unknown part of an instruction");
    if (!failures) printf("the interpreter of PTX: all tests passed\n");
    return failures != 0;
}
