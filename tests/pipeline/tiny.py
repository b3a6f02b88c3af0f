"""Tiny random checkpoints of real pipeline classes, saved as Hub models are, without any download.

Knows nothing of Greenlight. Weights are random and seeded, so frames are noise, yet everything
else is the real thing: the class, its scheduler, its VAE, its text encoder, its files. What is
needed of torch, diffusers and transformers is imported when something is built.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.pipeline import tiny_parts as parts

WITH_FIRST_FRAME: Final = "WanPipeline with first frame"
"""The key of the second kind of Wan checkpoint: one that can begin from a picture."""


def build(kind: str, folder: Path) -> Path:
    """Save a tiny checkpoint of a kind in BUILDERS, the same weights every time."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        BUILDERS[kind]().save_pretrained(folder)
    return folder


# ---- pipelines ----------------------------------------------------------------------------


def _wan() -> Any:
    """As Wan 2.1: text alone, a flow-matching Euler scheduler."""
    import diffusers

    return diffusers.WanPipeline(
        tokenizer=parts.bytewise(),
        text_encoder=parts.umt5(),
        vae=diffusers.AutoencoderKLWan(
            base_dim=3,
            z_dim=16,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        transformer=diffusers.WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=16,
            out_channels=16,
            text_dim=32,
            freq_dim=256,
            ffn_dim=32,
            num_layers=2,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
        transformer_2=None,
    )


def _wan_with_first_frame() -> Any:
    """As Wan 2.2 5B: takes a first frame too, and comes with a scheduler of several steps' memory."""
    import diffusers

    made = _wan().components
    return diffusers.WanPipeline(
        **{
            **made,
            "scheduler": diffusers.UniPCMultistepScheduler(
                prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0
            ),
        },
        expand_timesteps=True,
    )


def _ltx_condition() -> Any:
    import diffusers

    return diffusers.LTXConditionPipeline(**_ltx().components)


def _ltx() -> Any:
    import diffusers

    scaling = (True, True, True, False)
    return diffusers.LTXPipeline(
        tokenizer=parts.pieces(),
        text_encoder=parts.t5(),
        vae=diffusers.AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8,) * 4,
            decoder_block_out_channels=(8,) * 4,
            layers_per_block=(1,) * 5,
            decoder_layers_per_block=(1,) * 5,
            spatio_temporal_scaling=scaling,
            decoder_spatio_temporal_scaling=scaling,
            decoder_inject_noise=(False,) * 5,
            upsample_residual=(False,) * 4,
            upsample_factor=(1,) * 4,
            timestep_conditioning=False,
            patch_size=1,
            patch_size_t=1,
            encoder_causal=True,
            decoder_causal=False,
        ),
        transformer=diffusers.LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            patch_size=1,
            patch_size_t=1,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=32,
            num_layers=2,
            caption_channels=32,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
    )


def _cogvideox() -> Any:
    import diffusers

    return diffusers.CogVideoXPipeline(
        tokenizer=parts.pieces(),
        text_encoder=parts.t5(),
        vae=diffusers.AutoencoderKLCogVideoX(
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            block_out_channels=(8,) * 4,
            latent_channels=4,
            layers_per_block=1,
            norm_num_groups=2,
            temporal_compression_ratio=4,
        ),
        transformer=diffusers.CogVideoXTransformer3DModel(
            num_attention_heads=4,
            attention_head_dim=8,
            in_channels=4,
            out_channels=4,
            time_embed_dim=2,
            text_embed_dim=32,
            num_layers=2,
            sample_width=2,
            sample_height=2,
            sample_frames=9,
            patch_size=2,
            temporal_compression_ratio=4,
            max_text_seq_length=16,
        ),
        scheduler=diffusers.CogVideoXDDIMScheduler(),
    )


def _ltx2() -> Any:
    import diffusers
    from diffusers.pipelines.ltx2.connectors import LTX2TextConnectors
    from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

    heads, width = 4, 8
    text_layers = 2
    rope_type = "split"
    return diffusers.LTX2Pipeline(
        tokenizer=parts.bytewise(),
        text_encoder=parts.gemma(layers=text_layers),
        connectors=LTX2TextConnectors(
            caption_channels=heads * width,
            text_proj_in_factor=text_layers + 1,  # each layer's output, and the embedding
            video_connector_num_attention_heads=heads,
            video_connector_attention_head_dim=width,
            video_connector_num_layers=1,
            video_connector_num_learnable_registers=None,
            audio_connector_num_attention_heads=heads,
            audio_connector_attention_head_dim=width,
            audio_connector_num_layers=1,
            audio_connector_num_learnable_registers=None,
            connector_rope_base_seq_len=32,
            rope_double_precision=False,
            rope_type=rope_type,
        ),
        vae=diffusers.AutoencoderKLLTX2Video(
            latent_channels=4,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8),
            layers_per_block=(1,) * 5,
            decoder_layers_per_block=(1,) * 4,
            upsample_residual=(False,) * 3,
            upsample_factor=(1, 1, 1),
            decoder_spatial_padding_mode="zeros",
            decoder_causal=False,
            spatial_compression_ratio=32,
            temporal_compression_ratio=8,
        ),
        audio_vae=diffusers.AutoencoderKLLTX2Audio(
            base_channels=8,  # one for each number of a latent column, as in the large one
            ch_mult=(1, 1, 1),
            num_res_blocks=1,
            resolution=32,
            latent_channels=2,
            mel_bins=16,
        ),
        vocoder=LTX2Vocoder(
            in_channels=32,  # stereo, one row for each of the 16 mel bins
            hidden_channels=32,
            upsample_kernel_sizes=[4, 4],
            upsample_factors=[2, 2],
            resnet_kernel_sizes=[3],
            resnet_dilations=[[1, 3, 5]],
            output_sampling_rate=400,  # four samples for each of 100 mel columns a second
        ),
        transformer=diffusers.LTX2VideoTransformer3DModel(
            in_channels=4,
            out_channels=4,
            num_attention_heads=heads,
            attention_head_dim=width,
            cross_attention_dim=heads * width,
            audio_in_channels=8,  # 2 channels, 4 latent mel bins
            audio_out_channels=8,
            audio_num_attention_heads=heads,
            audio_attention_head_dim=width,
            audio_cross_attention_dim=heads * width,
            num_layers=2,
            caption_channels=heads * width,
            rope_double_precision=False,
            rope_type=rope_type,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
    )


def _mochi() -> Any:
    import diffusers

    return diffusers.MochiPipeline(
        tokenizer=parts.pieces(),
        text_encoder=parts.t5(),
        vae=diffusers.AutoencoderKLMochi(
            encoder_block_out_channels=(32,) * 4,
            decoder_block_out_channels=(32,) * 4,
            layers_per_block=(1,) * 5,
            add_attention_block=(False,) * 5,
        ),
        transformer=diffusers.MochiTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=8,
            num_layers=2,
            pooled_projection_dim=16,
            text_embed_dim=32,
            time_embed_dim=4,
            max_sequence_length=16,
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
    )


def _hunyuan() -> Any:
    import diffusers

    return diffusers.HunyuanVideoPipeline(
        tokenizer=parts.bytewise(),
        text_encoder=parts.llama(),
        tokenizer_2=parts.bytewise(model_max_length=77),
        text_encoder_2=parts.clip(),
        vae=diffusers.AutoencoderKLHunyuanVideo(
            latent_channels=4,
            block_out_channels=(8, 8, 8, 8),
            layers_per_block=1,
            norm_num_groups=4,
            mid_block_add_attention=False,
        ),
        transformer=diffusers.HunyuanVideoTransformer3DModel(
            in_channels=4,
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=8,
            num_layers=1,
            num_single_layers=1,
            num_refiner_layers=1,
            text_embed_dim=16,
            pooled_projection_dim=16,
            rope_axes_dim=(2, 4, 2),
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
    )


def _hunyuan15() -> Any:
    import diffusers
    from diffusers.guiders.classifier_free_guidance import ClassifierFreeGuidance
    from transformers import ByT5Tokenizer

    tokenizer = parts.bytewise()
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    return diffusers.HunyuanVideo15Pipeline(
        tokenizer=tokenizer,
        text_encoder=parts.qwen(),
        tokenizer_2=ByT5Tokenizer(),
        text_encoder_2=parts.t5(vocab_size=384),
        vae=diffusers.AutoencoderKLHunyuanVideo15(
            latent_channels=4, block_out_channels=(8, 8, 8, 8, 8), layers_per_block=1
        ),
        transformer=diffusers.HunyuanVideo15Transformer3DModel(
            in_channels=9,  # latents, the first frame's latents, and its mask
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=8,
            num_layers=1,
            num_refiner_layers=1,
            text_embed_dim=16,
            text_embed_2_dim=32,
            image_embed_dim=8,
            rope_axes_dim=(2, 4, 2),
            target_size=64,
            task_type="t2v",
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=5.0),
        guider=ClassifierFreeGuidance(guidance_scale=6.0),
    )


BUILDERS: Final[dict[str, Callable[[], Any]]] = {
    "WanPipeline": _wan,
    WITH_FIRST_FRAME: _wan_with_first_frame,
    "LTXPipeline": _ltx,
    "LTXConditionPipeline": _ltx_condition,
    "LTX2Pipeline": _ltx2,
    "CogVideoXPipeline": _cogvideox,
    "HunyuanVideoPipeline": _hunyuan,
    "HunyuanVideo15Pipeline": _hunyuan15,
    "MochiPipeline": _mochi,
}
