<?php

// config/easywechat.php of overtrue/laravel-wechat: EasyWeChat 6 calls WeChat through
// the gateway. The secret is the client's, not the AppSecret.
return [
    'official_account' => [
        'default' => [
            'app_id' => env('WECHAT_APPID'),
            'secret' => env('GATEWAY_CLIENT_SECRET'),
            'http' => ['base_uri' => 'https://gateway.example.com/'],
        ],
    ],
];
